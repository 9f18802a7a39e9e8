"""Every table, found by Django here; each subject keeps its own in ``<subject>/models.py``."""

from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.audit.models import AuditEvent, AuditHead
from hingepoint.domain.coaching.models import CoachingNote, CoachingRating, CoachingSession
from hingepoint.domain.deals.models import Account, Contact, Deal, DealContact, DealEvent
from hingepoint.domain.debts.models import DebtReading
from hingepoint.domain.detection.models import Detection, DetectionRule, RuleVersion
from hingepoint.domain.discovery.models import DataSnapshot, Finding, FindingDecision, Run
from hingepoint.domain.escalations.models import Approval, DiaryEntry, Escalation, Policy, PolicyRule, Pulse
from hingepoint.domain.handovers.models import HandoverRead
from hingepoint.domain.hindsight.models import HindsightLimit, HindsightView
from hingepoint.domain.impact.models import Rollout, RolloutCost, RolloutReading
from hingepoint.domain.imports.models import ImportBatch, ImportChange, SavedMapping
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.made_files.models import MadeFile
from hingepoint.domain.negotiation.models import Corridor, CorridorWriting, Reason, Trade
from hingepoint.domain.notices.models import (
    CalendarAddress,
    Chat,
    Digest,
    MailChoice,
    NoticeAnswer,
    Quiet,
    SignalLeftOut,
)
from hingepoint.domain.passkeys.models import Passkey
from hingepoint.domain.people.models import (
    DifferentPeople,
    Invitation,
    Membership,
    OtherName,
    SavedView,
    SignInFailure,
    Team,
    User,
)
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview
from hingepoint.domain.premortems.models import PreMortem, PreMortemAnswer
from hingepoint.domain.pressures.models import PressureReading, PressureRule, PressureTag
from hingepoint.domain.principles.models import PrinciplesAgreed, PrinciplesReading, PrinciplesVersion
from hingepoint.domain.proof.models import AnswerTry, Confirmation, ConfirmationCode, LinkMail, Proof
from hingepoint.domain.proposals.models import Proposal
from hingepoint.domain.questions.models import RetiredQuestion
from hingepoint.domain.reviews.models import (
    CommitmentEnd,
    PipelineDeal,
    Review,
    ReviewedDeal,
    ReviewNote,
    ReviewSeat,
)
from hingepoint.domain.routines.models import DaysOff, Routine, RoutineDue, RoutineVersion
from hingepoint.domain.second_factors.models import RecoveryCode, SecondFactor
from hingepoint.domain.self_assessment.models import AssessmentAnswer, AssessmentRound
from hingepoint.domain.sessions.models import Session
from hingepoint.domain.sign_on.models import (
    CompanyAccount,
    DirectoryGroup,
    DirectoryPerson,
    GroupLine,
    SignOn,
)
from hingepoint.domain.signals.models import Raise, RaiseStep, SignalLimits, SignalReading
from hingepoint.domain.sponsorship.models import MessageReader, SponsorMessage
from hingepoint.domain.strategy.models import (
    AskingRound,
    OwnMetric,
    PivotalAgreement,
    Playbook,
    ResultMetric,
    Strategy,
)
from hingepoint.domain.sync.models import (
    Connection,
    Cursor,
    Landed,
    LandedChange,
    OwnTask,
    SyncRun,
    WrittenBack,
)
from hingepoint.domain.team_chats.models import TeamChat
from hingepoint.domain.tokens.models import SentRequest, Token
from hingepoint.domain.trials.models import Trial, TrialLook
from hingepoint.domain.turns.models import SentForm
from hingepoint.domain.upkeep.models import Job, KeptAnswer, KeptDay
from hingepoint.domain.webhooks.models import Webhook, WebhookDelivery, WebhookTry

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
    "CalendarAddress",
    "Chat",
    "CoachingNote",
    "CoachingRating",
    "CoachingSession",
    "CommitmentEnd",
    "CompanyAccount",
    "Confirmation",
    "ConfirmationCode",
    "Connection",
    "Contact",
    "Corridor",
    "CorridorWriting",
    "Cursor",
    "DataSnapshot",
    "DaysOff",
    "Deal",
    "DealContact",
    "DealEvent",
    "Debrief",
    "DebtReading",
    "Detection",
    "DetectionRule",
    "DiaryEntry",
    "DifferentPeople",
    "Digest",
    "DirectoryGroup",
    "DirectoryPerson",
    "Escalation",
    "Finding",
    "FindingDecision",
    "GroupLine",
    "HandoverRead",
    "HindsightLimit",
    "HindsightView",
    "ImportBatch",
    "ImportChange",
    "Invitation",
    "Involvement",
    "Job",
    "KeptAnswer",
    "KeptDay",
    "Landed",
    "LandedChange",
    "LinkMail",
    "MadeFile",
    "MailChoice",
    "Membership",
    "MessageReader",
    "NoticeAnswer",
    "OtherName",
    "OwnMetric",
    "OwnTask",
    "Passkey",
    "PipelineDeal",
    "PivotalAgreement",
    "Plan",
    "PlanReview",
    "Playbook",
    "Policy",
    "PolicyRule",
    "PreMortem",
    "PreMortemAnswer",
    "PressureReading",
    "PressureRule",
    "PressureTag",
    "PrinciplesAgreed",
    "PrinciplesReading",
    "PrinciplesVersion",
    "Proof",
    "Proposal",
    "Pulse",
    "Quiet",
    "Raise",
    "RaiseStep",
    "Reason",
    "RecoveryCode",
    "ResultMetric",
    "RetiredQuestion",
    "Review",
    "ReviewNote",
    "ReviewSeat",
    "ReviewedDeal",
    "Rollout",
    "RolloutCost",
    "RolloutReading",
    "Routine",
    "RoutineDue",
    "RoutineVersion",
    "RuleVersion",
    "Run",
    "SavedMapping",
    "SavedView",
    "SecondFactor",
    "SentForm",
    "SentRequest",
    "Session",
    "SignInFailure",
    "SignOn",
    "SignalLeftOut",
    "SignalLimits",
    "SignalReading",
    "SponsorMessage",
    "Strategy",
    "SyncRun",
    "Team",
    "TeamChat",
    "Token",
    "Trade",
    "Trial",
    "TrialLook",
    "User",
    "Webhook",
    "WebhookDelivery",
    "WebhookTry",
    "WrittenBack",
]
