"""Fixtures made up in any number: two organizations and two teams, records that fit each other, one seed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from faker import Faker
from tqdm import tqdm

from mockserver.clock import written

ANCHOR = datetime(2026, 5, 11, 12, tzinfo=UTC)
_ORGANIZATIONS = {
    "org_2northwind": "aura_pk_live_northwind00000000000000mock",
    "org_2harbor": "aura_pk_live_harbor00000000000000000mock",
}
_TEAMS = {
    "7148d618-63d1-46a5-80a7-8f3e41f93063": "comm_mock_token_team_northwind",
    "3c69ac4b-059e-4af4-a2d0-d93a45316f3c": "comm_mock_token_team_harbor",
}
_CALLS_OF_A_LEAD, _COMM_CALLS_OF_A_CALL = 4, 5
# What became of calls that lie behind us, and how likely that is. Those below are the ones that took place.
_OUTCOMES = {"closed": 22, "lost": 18, "follow_up": 16, "shown": 12, "no_show": 16, "cancelled": 9, "rescheduled": 7}
_HELD = ("closed", "lost", "follow_up", "shown")
_COMM_OUTCOMES = ("interested", "not_interested", "not_qualified", "burned_experience", "quick_hangup")
_UTM = [
    ("google", "cpc"),
    ("facebook", "paid_social"),
    ("linkedin", "paid_social"),
    ("newsletter", "email"),
    (None, None),
]
_ZONES = ("America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/London", "Europe/Berlin")
Record = dict[str, Any]


def generate(folder: Path, calls: int, seed: int, progress: bool = True) -> None:
    """Write fixtures with so many Aura calls into an empty or new folder; raises FileExistsError for another."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder}: is not empty; name a new folder, nothing is overwritten")
    maker = _Maker(seed, lambda label, count: tqdm(range(count), desc=label, disable=not progress, unit=" records"))
    owners = dict(zip(_ORGANIZATIONS, (calls - calls // 4, calls // 4), strict=True))
    leads = {owner: maker.leads(owner, max(1, count // _CALLS_OF_A_LEAD)) for owner, count in owners.items()}
    _write(folder / "anchor.json", {"today": ANCHOR.date().isoformat()})
    _write(folder / "aura/leads.json", leads)
    _write(
        folder / "aura/calls.json", {owner: maker.calls(owner, leads[owner], count) for owner, count in owners.items()}
    )
    _write(
        folder / "aura/api_keys.json",
        [
            {"key": key, "organization": owner, "default": number == 0}
            for number, (owner, key) in enumerate(_ORGANIZATIONS.items())
        ],
    )
    _write(folder / "comm/calls.json", maker.comm_calls(max(2, calls // _COMM_CALLS_OF_A_CALL)))
    _write(folder / "comm/api_keys.json", [{"token": token, "team": team} for team, token in _TEAMS.items()])


def _write(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(orjson.dumps(content))


class _Maker:
    """Makes records; whatever is chosen comes from one seeded source."""

    def __init__(self, seed: int, counting: Callable[[str, int], Iterable[int]]) -> None:
        self._fake = Faker("en_US")
        self._fake.seed_instance(seed)
        self._random, self._counting = self._fake.random, counting

    def leads(self, owner: str, count: int) -> list[Record]:
        """Leads of one organization, newest first."""
        made = [self._lead() for _ in self._counting(f"leads of {owner}", count)]
        return sorted(made, key=lambda lead: str(lead["created_at"]), reverse=True)

    def calls(self, owner: str, leads: list[Record], count: int) -> list[Record]:
        """Calls of one organization with its leads, newest first."""
        people = [f"user_2{self._letters(9)}" for _ in range(6)]
        links = [self._uuid() for _ in range(3)]
        made = [
            self._call(self._random.choice(leads), people, links) for _ in self._counting(f"calls of {owner}", count)
        ]
        return sorted(made, key=lambda call: str(call["created_at"]), reverse=True)

    def comm_calls(self, count: int) -> list[Record]:
        """Voice calls of both teams, newest first."""
        made = [self._comm_call(self._random.choice(list(_TEAMS))) for _ in self._counting("calls of Comm", count)]
        return sorted(made, key=lambda call: str(call["created_at"]), reverse=True)

    def _lead(self) -> Record:
        name, source = self._fake.name(), self._random.choice(_UTM)
        created = ANCHOR - timedelta(seconds=self._random.randrange(40 * 86_400, 400 * 86_400))
        record_id = self._uuid()
        return {
            "id": record_id,
            "full_name": name,
            "email": f"{_mailbox(name)}.{record_id[:6]}@example.com",
            "phone": f"+1{self._random.randrange(2_000_000_000, 9_999_999_999)}",
            "company": self._fake.company(),
            "status": self._random.choice(("new", "contacted", "qualified")),
            "timezone": self._random.choice(_ZONES),
            "notes": None,
            "metadata": None,
            "source": self._source(source),
            "disqualification_data": None,
            "payment_count": 0,
            "payment_status": None,
            "total_paid_cents": 0,
            "last_payment_at": None,
            "created_at": written(created),
            "updated_at": written(created + timedelta(minutes=self._random.randrange(1, 10_000))),
        }

    def _source(self, source: tuple[str | None, str | None]) -> Record:
        campaign = self._random.choice(("spring_launch", "summer_promo", "webinar")) if source[0] else None
        return {
            "referrer": None,
            "utm_source": source[0],
            "utm_medium": source[1],
            "utm_campaign": campaign,
            "utm_term": None,
            "utm_content": None,
        }

    def _call(self, lead: Record, people: list[str], links: list[str]) -> Record:
        created = ANCHOR - timedelta(seconds=self._random.randrange(60, 39 * 86_400))
        scheduled = _on_the_quarter(created + timedelta(seconds=self._random.randrange(3_600, 14 * 86_400)))
        status = self._outcome() if scheduled < ANCHOR else None
        source, held = lead["source"], status in _HELD
        record_id, minutes = self._uuid(), self._random.randrange(15, 61)
        ended = scheduled + timedelta(minutes=minutes)
        updated = ended + timedelta(minutes=self._random.randrange(1, 60)) if status else created
        return {
            "id": record_id,
            "call_kind": "booking",
            "lead_id": lead["id"],
            "closer_id": self._random.choice(people[:4]),
            "setter_id": self._random.choice([*people[4:], None]),
            "booking_link_id": self._random.choice(links),
            "product_id": None,
            "linked_payment_id": None,
            "scheduled_at": written(scheduled),
            "started_at": written(scheduled) if held else None,
            "ended_at": written(ended) if held else None,
            "duration_minutes": minutes if held else None,
            "status": status,
            "conferencing_link": f"https://meet.example.com/{record_id[:8]}",
            "expected_deal_value": self._random.randrange(1, 13) * 100_000,
            "ai_summary": self._fake.sentence(12) if held else None,
            "action_items": [self._action(updated)] if status == "follow_up" else None,
            "form_data": None,
            "notes": self._fake.sentence(6) if held else None,
            "recording_url": f"https://recordings.example.com/{record_id}.mp4" if held else None,
            "has_recording": held,
            "has_analysis": held,
            **{name: source[name] for name in ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")},
            "referral": None,
            "transcript_data": None,
            "guest_rsvp_status": self._random.choice(("yes", "maybe", "noreply")),
            "guest_rsvp_confirmed_at": None,
            "created_at": written(created),
            "updated_at": written(updated),
        }

    def _action(self, after: datetime) -> Record:
        due = after + timedelta(days=self._random.randrange(1, 8))
        return {"title": self._fake.sentence(4), "owner": self._fake.name(), "notes": None, "due_at": written(due)}

    def _outcome(self) -> str:
        outcome: str = self._random.choices(list(_OUTCOMES), list(_OUTCOMES.values()))[0]
        return outcome

    def _comm_call(self, team: str) -> Record:
        created = ANCHOR - timedelta(seconds=self._random.randrange(600, 60 * 86_400))
        picked_up, record_id = self._random.random() < 0.7, self._uuid()
        outcome = self._random.choice(_COMM_OUTCOMES) if picked_up else None
        ended = created + timedelta(seconds=self._random.randrange(20, 400))
        return {
            "id": record_id,
            "team_id": team,
            "contact_id": self._uuid(),
            "meta": [],
            "is_processed": True,
            "number_id": self._uuid(),
            "to_number": self._random.randrange(12_000_000_000, 19_999_999_999),
            "call_agent_id": self._uuid(),
            "events_count": str(self._random.randrange(2, 30)),
            "tool_logs_count": "0",
            "created_at": written(created),
            "created_at_formatted": f"{created:%Y-%m-%d %H:%M:%S}",
            "updated_at": written(ended),
            "agent_id": self._uuid(),
            "deleted_at": None,
            "voice_campaign_id": None,
            "voice_campaign_send_id": None,
            "is_answer_machine": not picked_up,
            "is_answered": picked_up,
            "is_lead": outcome == "interested",
            "is_sale": False,
            "is_picked_up": picked_up,
            "chat": f"AI: Hello, is this a good moment?\nUser: {self._fake.sentence(8)}" if picked_up else None,
            "status": "completed",
            "call_outcome": outcome,
            "call_source": "campaign",
            "scheduled_at": None,
            "lead_submitted_at": None,
            "country_id": 1,
            "created_at_tz": None,
            "date_key": f"{created:%Y-%m-%d}",
            "timezone": self._random.choice(_ZONES),
            "vapi_ended_reason": "customer-ended-call" if picked_up else "voicemail",
            "call_outcome_logs": [self._log(team, record_id, outcome, ended)] if outcome else [],
        }

    def _log(self, team: str, call: str, outcome: str, at: datetime) -> Mapping[str, Any]:
        return {
            "id": self._uuid(),
            "team_id": team,
            "call_id": call,
            "call_outcome_classifier_id": self._uuid(),
            "call_outcome_classifier_run_id": self._uuid(),
            "initial_call_outcome": None,
            "new_call_outcome": outcome,
            "status": "completed",
            "failure_reason": None,
            "created_at": written(at),
        }

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789", k=count))


def _mailbox(name: str) -> str:
    return ".".join(part for part in name.lower().split() if part.isascii() and part.isalpha())


def _on_the_quarter(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
