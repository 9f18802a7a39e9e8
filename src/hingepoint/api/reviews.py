"""Reviews of deals, and what was committed to in them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from hingepoint.api import shapes
from hingepoint.api.callers import Request
from hingepoint.api.routing import Subject
from hingepoint.domain.reviews.queries import commitments, review, reviews
from hingepoint.records.tokens import Topic

subject = Subject(Topic.REVIEWS, "Reviews")

Commitment = shapes.shape(
    "Commitment",
    commitments.Commitment,
    "id review_id made_on words deal owner owner_id due_on became by_register said_by",
)
Line = shapes.shape(
    "ReviewLine",
    reviews.ReviewLine,
    "id kind team on deals live leads minutes decisions commitments kept open",
)
Lists = shapes.shape(
    "Reviews",
    reviews.ReviewsPage,
    "ahead held open",
    ahead=shapes.each(Line),
    held=shapes.each(Line),
    open=shapes.each(Commitment),
)
Note = shapes.shape("ReviewNote", review.Written, "id kind words by at owner due_on place")
Asked = shapes.shape("AskedForReview", review.Asked, "words answered")
Reviewed = shapes.shape(
    "ReviewedDeal",
    review.DealShown,
    "place deal_id why question asked sees decided notes",
    asked=shapes.each(Asked),
    notes=shapes.each(Note),
)
Review = shapes.shape(
    "Review",
    review.ReviewPage,
    "id kind team team_id on since next_on opened_at ended_at opened_by live prepared leads deals notes before",
    deals=shapes.each(Reviewed),
    notes=shapes.each(Note),
    before=shapes.each(Commitment),
)


@subject.read("/reviews", Lists)
def list_reviews(request: Request) -> Any:
    """List the reviews ahead and held, and the open commitments"""
    return reviews.reviews_page(request.auth.user)


@subject.read("/reviews/{review_id}", Review)
def get_review(request: Request, response: HttpResponse, review_id: shapes.Id) -> Any:
    """Read one review"""
    found = review.review_page(request.auth.user, review_id, now=timezone.now())
    response.headers["ETag"] = f'"{found.mark}"'
    return found
