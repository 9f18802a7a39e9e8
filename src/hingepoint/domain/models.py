"""Every table, found by Django here; each subject keeps its own in ``<subject>/models.py``."""

from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.audit.models import AuditEvent, AuditHead
from hingepoint.domain.coaching.models import CoachingNote
from hingepoint.domain.deals.models import Account, Contact, Deal, DealContact, DealEvent
from hingepoint.domain.detection.models import Detection, DetectionRule, RuleVersion
from hingepoint.domain.discovery.models import DataSnapshot, Finding, FindingDecision, Run
from hingepoint.domain.imports.models import ImportBatch, ImportChange, SavedMapping
from hingepoint.domain.negotiation.models import Corridor
from hingepoint.domain.people.models import Membership, SavedView, SignInFailure, Team, User
from hingepoint.domain.plans.models import ConversationPlan
from hingepoint.domain.proof.models import AnswerTry, Confirmation, Proof
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook, ResultMetric, Strategy

__all__ = [
    "Account",
    "Agreement",
    "AgreementEvent",
    "AgreementType",
    "AnswerTry",
    "AuditEvent",
    "AuditHead",
    "CoachingNote",
    "Confirmation",
    "Contact",
    "ConversationPlan",
    "Corridor",
    "DataSnapshot",
    "Deal",
    "DealContact",
    "DealEvent",
    "Detection",
    "DetectionRule",
    "Finding",
    "FindingDecision",
    "ImportBatch",
    "ImportChange",
    "Membership",
    "PivotalAgreement",
    "Playbook",
    "Proof",
    "ResultMetric",
    "RuleVersion",
    "Run",
    "SavedMapping",
    "SavedView",
    "SignInFailure",
    "Strategy",
    "Team",
    "User",
]
