"""Every table, found by Django here; each subject keeps its own in ``<subject>/models.py``."""

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.audit.models import AuditHead
from hingepoint.domain.coaching.models import CoachingNote
from hingepoint.domain.deals.models import Account
from hingepoint.domain.deals.models import Contact
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.deals.models import DealContact
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.debts.models import DebtReading
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.detection.models import DetectionRule
from hingepoint.domain.detection.models import RuleVersion
from hingepoint.domain.discovery.models import DataSnapshot
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.discovery.models import FindingDecision
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.escalations.models import Approval
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.escalations.models import Policy
from hingepoint.domain.escalations.models import PolicyRule
from hingepoint.domain.escalations.models import Pulse
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.imports.models import ImportChange
from hingepoint.domain.imports.models import SavedMapping
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.negotiation.models import Corridor
from hingepoint.domain.negotiation.models import CorridorWriting
from hingepoint.domain.negotiation.models import Reason
from hingepoint.domain.negotiation.models import Trade
from hingepoint.domain.people.models import DifferentPeople
from hingepoint.domain.people.models import Invitation
from hingepoint.domain.people.models import Membership
from hingepoint.domain.people.models import OtherName
from hingepoint.domain.people.models import SavedView
from hingepoint.domain.people.models import SignInFailure
from hingepoint.domain.people.models import Team
from hingepoint.domain.people.models import User
from hingepoint.domain.plans.models import Debrief
from hingepoint.domain.plans.models import Plan
from hingepoint.domain.plans.models import PlanReview
from hingepoint.domain.proof.models import AnswerTry
from hingepoint.domain.proof.models import Confirmation
from hingepoint.domain.proof.models import Proof
from hingepoint.domain.routines.models import Routine
from hingepoint.domain.routines.models import RoutineDue
from hingepoint.domain.self_assessment.models import AssessmentAnswer
from hingepoint.domain.self_assessment.models import AssessmentRound
from hingepoint.domain.signals.models import Raise
from hingepoint.domain.signals.models import RaiseStep
from hingepoint.domain.signals.models import SignalReading
from hingepoint.domain.strategy.models import AskingRound
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.domain.strategy.models import Playbook
from hingepoint.domain.strategy.models import ResultMetric
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.trials.models import Trial
from hingepoint.domain.trials.models import TrialLook
from hingepoint.domain.turns.models import SentForm
from hingepoint.domain.upkeep.models import Job
from hingepoint.domain.upkeep.models import KeptAnswer

__all__ = [
    "Account",
    "Agreement",
    "AgreementEvent",
    "AgreementType",
    "AnswerTry",
    "Approval",
    "AskingRound",
    "AssessmentAnswer",
    "AssessmentRound",
    "AuditEvent",
    "AuditHead",
    "CoachingNote",
    "Confirmation",
    "Contact",
    "Corridor",
    "CorridorWriting",
    "DataSnapshot",
    "Deal",
    "DealContact",
    "DealEvent",
    "Debrief",
    "DebtReading",
    "Detection",
    "DetectionRule",
    "DifferentPeople",
    "Escalation",
    "Finding",
    "FindingDecision",
    "ImportBatch",
    "ImportChange",
    "Invitation",
    "Involvement",
    "Job",
    "KeptAnswer",
    "Membership",
    "OtherName",
    "PivotalAgreement",
    "Plan",
    "PlanReview",
    "Playbook",
    "Policy",
    "PolicyRule",
    "Proof",
    "Pulse",
    "Raise",
    "RaiseStep",
    "Reason",
    "ResultMetric",
    "Routine",
    "RoutineDue",
    "RuleVersion",
    "Run",
    "SavedMapping",
    "SavedView",
    "SentForm",
    "SignInFailure",
    "SignalReading",
    "Strategy",
    "Team",
    "Trade",
    "Trial",
    "TrialLook",
    "User",
]
