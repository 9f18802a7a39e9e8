"""Files larger than the limit are not stored while they arrive; the form then says so."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

#: Room for the rest of the form around the files.
FORM_BYTES = 1_000_000


class LimitedUpload(FileUploadHandler):
    """First of Django's upload handlers: lets files through up to the limit of the settings."""

    def __init__(self, request=None):
        super().__init__(request)
        self.arrived = 0

    @property
    def limit(self) -> int:
        return settings.ENVIRONMENT.upload_limit_mb * 1_000_000 + FORM_BYTES

    def too_large(self, it_is: bool) -> None:
        """Leave word on the request, for the form that is shown again (``drafts``)."""
        setattr(self.request, "upload_too_large", it_is)  # noqa: B010 - a request has no such attribute of its own

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        self.too_large(content_length > self.limit)

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        if getattr(self.request, "upload_too_large", False):
            raise SkipFile

    def receive_data_chunk(self, raw_data, start):
        self.arrived += len(raw_data)
        if self.arrived > self.limit:
            self.too_large(True)
            raise SkipFile
        return raw_data

    def file_complete(self, file_size):
        return None
