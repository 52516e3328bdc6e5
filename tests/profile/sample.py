"""One citizen's cases, with everything that a page can show: asked, running, done, corrected, withdrawn, secret."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from tests.profile.life import Json, Life, contact, iso, text

HOUSING, STUDIES, PERMIT, CARE, ENERGY = "OVO000101", "OVO000102", "OVO000103", "OVO000104", "OVO000105"
SECRET_WORD = "Zorgbudget"


def premium(now: datetime, *, code: str = "DossierOnvolledig") -> Json:
    """A renovation grant of which an invoice is missing; with another ``code`` it goes on."""
    life = Life(HOUSING, "PREM-2026-004512", now=now)
    life.step(34, "composition", "Ingediend").step(21, "handling", "InBehandeling").step(
        6, "handling", "DossierOnvolledig"
    )
    content: Json = {
        "title": text(
            "Renovatiepremie voor uw dak",
            "Prime à la rénovation de votre toiture",
            "Renovierungsprämie für Ihr Dach",
            "Renovation grant for your roof",
        ),
        "summary": text(
            "Premie voor het isoleren van het dak van uw woning in Gent.",
            "Prime pour l'isolation de la toiture de votre habitation à Gand.",
            "Prämie für die Dämmung des Daches Ihrer Wohnung in Gent.",
            "Grant for insulating the roof of your house in Ghent.",
        ),
        "contact": contact("Wonen en Renoveren", "wonen.example"),
        "links": [
            {
                "url": "https://www.wonen.example/premie",
                "label": text(
                    "Voorwaarden van de premie",
                    "Conditions de la prime",
                    "Bedingungen der Prämie",
                    "Conditions of the grant",
                ),
                "rel": "about",
            }
        ],
        "expected": {"decision_by": iso(now + timedelta(days=42)), "legal_deadline": iso(now + timedelta(days=74))},
    }
    if code != "DossierOnvolledig":
        life.step(0, "handling", code)
        return life.case(
            **content,
            detail=text(
                "Bedankt. Uw dossier is volledig.",
                "Merci. Votre dossier est complet.",
                "Vielen Dank. Ihre Akte ist vollständig.",
                "Thank you. Your file is complete.",
            ),
        )
    return life.case(
        **content,
        detail=text(
            "We missen nog één document.",
            "Il nous manque encore un document.",
            "Uns fehlt noch eine Unterlage.",
            "We are still missing one document.",
        ),
        action={
            "what": text(
                "Bezorg ons de factuur van de aannemer.",
                "Envoyez-nous la facture de l'entrepreneur.",
                "Senden Sie uns die Rechnung des Unternehmers.",
                "Send us the contractor's invoice.",
            ),
            "by": "party",
            "url": "https://www.wonen.example/dossier/PREM-2026-004512/document",
            "due_at": iso(now + timedelta(days=5)),
        },
    )


def scholarship(now: datetime) -> Json:
    life = (
        Life(STUDIES, "ST-2026-88121", now=now)
        .step(60, "composition", "Ingediend")
        .step(20, "handling", "DossierOnvolledig")
    )
    return life.case(
        title=text(
            "Schooltoeslag 2026-2027",
            "Allocation scolaire 2026-2027",
            "Schulbeihilfe 2026-2027",
            "School allowance 2026-2027",
        ),
        contact=contact("Opgroeien en Leren", "leren.example"),
        action={
            "what": text(
                "Bevestig het rekeningnummer waarop we mogen storten.",
                "Confirmez le numéro de compte sur lequel verser.",
                "Bestätigen Sie die Kontonummer für die Überweisung.",
                "Confirm the bank account we may pay into.",
            ),
            "by": "party",
            "due_at": iso(now - timedelta(days=2)),
        },
    )


def permit(now: datetime) -> Json:
    life = Life(PERMIT, "OMV-2026-0077/1", now=now)
    life.step(48, "composition", "Ingediend").step(40, "handling", "Ontvankelijk", superseded=True)
    life.step(39, "handling", "Ontvankelijk", "corrected", corrects=2).step(12, "handling", "InBehandeling")
    return life.case(
        title=text(
            "Omgevingsvergunning voor een tuinhuis",
            "Permis d'environnement pour un abri de jardin",
            "Umweltgenehmigung für ein Gartenhaus",
            "Planning permission for a garden house",
        ),
        detail=text(
            "Het openbaar onderzoek loopt. U hoeft nu niets te doen.",
            "L'enquête publique est en cours. Vous n'avez rien à faire.",
            "Die öffentliche Untersuchung läuft. Sie müssen nichts tun.",
            "The public inquiry is running. There is nothing you need to do.",
        ),
        expected={"next_status_by": iso(now + timedelta(days=9)), "decision_by": iso(now + timedelta(days=33))},
        contact=contact("Stad Gent, dienst Vergunningen", "gent.example"),
    )


def appeal(now: datetime) -> Json:
    life = Life(ENERGY, "EN-5521", now=now).step(90, "composition", "Ingediend").step(70, "handling", "InBehandeling")
    life.step(50, "decision", "Geweigerd").step(30, "appeal", "InWacht")
    return life.case(
        title=text("Sociaal energietarief", "Tarif social énergie", "Sozialtarif Energie", "Social energy tariff"),
        detail=text(
            "Uw beroep wordt onderzocht.",
            "Votre recours est examiné.",
            "Ihr Widerspruch wird geprüft.",
            "Your appeal is being examined.",
        ),
        suspension={
            "since": iso(now - timedelta(days=8)),
            "reason": text(
                "We wachten op advies.",
                "Nous attendons un avis.",
                "Wir warten auf ein Gutachten.",
                "We are waiting for advice.",
            ),
        },
        action={
            "what": text(
                "De netbeheerder geeft advies.",
                "Le gestionnaire du réseau donne un avis.",
                "Der Netzbetreiber gibt ein Gutachten ab.",
                "The grid operator gives advice.",
            ),
            "by": "third-party",
        },
        expected={"decision_by": iso(now - timedelta(days=1))},
        contact=contact("Energiehuis", "energie.example"),
    )


def care(now: datetime) -> Json:
    life = Life(CARE, "ZB-31", now=now).step(15, "composition", "Ingediend").step(11, "handling", "InBehandeling")
    return life.case(
        title=text(f"{SECRET_WORD} voor zwaar zorgbehoevenden", "Budget de soins", "Pflegebudget", "Care budget"),
        summary=text(
            f"{SECRET_WORD}: uw aanvraag van deze maand.", "Budget de soins.", "Pflegebudget.", "Care budget."
        ),
        sensitivity="confidential",
        contact=contact("Vlaamse Zorgkas", "zorg.example"),
        expected={"next_status_by": iso(now + timedelta(days=20))},
    )


def granted(now: datetime) -> Json:
    life = (
        Life(HOUSING, "PREM-2025-000087", now=now)
        .step(300, "composition", "Ingediend")
        .step(250, "decision", "Goedgekeurd")
    )
    life.step(240, "execution", "Betaald").step(238, "completed", "Afgerond")
    return life.case(
        title=text(
            "Premie voor zonnepanelen",
            "Prime pour panneaux solaires",
            "Prämie für Solarmodule",
            "Grant for solar panels",
        ),
        result={
            "outcome": "granted",
            "text": text(
                "U kreeg 750 euro.",
                "Vous avez reçu 750 euros.",
                "Sie haben 750 Euro erhalten.",
                "You received 750 euros.",
            ),
            "reference": "PREM-2025-000087/B",
        },
        contact=contact("Wonen en Renoveren", "wonen.example"),
    )


def corrected(now: datetime) -> Json:
    """A decision that was the wrong way round, put right the next day; and put right once more."""
    life = Life(HOUSING, "HUUR-2026-31", now=now).step(40, "composition", "Ingediend")
    life.step(9, "decision", "Geweigerd", superseded=True)
    life.step(8, "decision", "DeelsGoedgekeurd", "corrected", corrects=2, superseded=True)
    life.step(7, "decision", "Goedgekeurd", "corrected", corrects=2)
    return life.case(
        title=text("Huursubsidie", "Allocation loyer", "Mietzuschuss", "Rent allowance"),
        result={"outcome": "granted"},
        contact=contact("Wonen en Renoveren", "wonen.example"),
    )


def refused(now: datetime) -> Json:
    life = (
        Life(PERMIT, "PARK-9", now=now)
        .step(140, "composition", "Ingediend")
        .step(120, "decision", "Geweigerd")
        .step(85, "completed", "Afgerond")
    )
    return life.case(
        title=text(
            "Tweede bewonerskaart",
            "Deuxième carte de riverain",
            "Zweiter Bewohnerausweis",
            "Second resident's parking permit",
        ),
        result={"outcome": "refused"},
        contact=contact("Stad Gent, dienst Vergunningen", "gent.example"),
    )


def withdrawn(now: datetime) -> Json:
    life = Life(ENERGY, "EN-1002", now=now).step(33, None, None, withdrawn=True).step(31, None, None, "retracted")
    return life.case()


def cases(now: datetime) -> list[Json]:
    """All of them."""
    return [make(now) for make in (premium, scholarship, permit, appeal, care, corrected, granted, refused, withdrawn)]


def sent(now: datetime, party_ref: str) -> list[Json]:
    """What she was told: at once, in a digest, and once in vain."""
    messages = [
        (0.2, "sent", [(HOUSING, "PREM-2026-004512", "due-in-7-days")]),
        (6, "sent", [(HOUSING, "PREM-2026-004512", "action-needed")]),
        (8, "sent", [(CARE, "ZB-31", "confidential"), (PERMIT, "OMV-2026-0077/1", "status-changed")]),
        (31, "failed", [(ENERGY, "EN-1002", "removed")]),
        (39, "sent", [(PERMIT, "OMV-2026-0077/1", "corrected"), (PERMIT, "GONE-1", "closed")]),
    ]
    return [
        {
            "party_ref": party_ref,
            "notification_id": str(UUID(int=number)),
            "channel": "email",
            "state": state,
            "at": iso(now - timedelta(days=days_ago)),
            "cases": [
                {"agency": agency, "case_id": case_id, "announced_as": announced_as}
                for agency, case_id, announced_as in told
            ],
        }
        for number, (days_ago, state, told) in enumerate(messages, 1)
    ]


def sources(now: datetime) -> list[Json]:
    """How fresh their agencies are; one of them is silent."""
    return [
        {
            "agency": agency,
            "state": "silent" if agency == ENERGY else "active",
            "last_event_at": iso(now - timedelta(hours=80 if agency == ENERGY else 2)),
            "usual_interval_seconds": 86_400,
            "accepted_last_day": 12,
            "rejected_last_day": 0,
            "updated_at": iso(now),
        }
        for agency in (HOUSING, STUDIES, PERMIT, CARE, ENERGY)
    ]
