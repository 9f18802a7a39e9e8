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

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        self.request.upload_too_large = content_length > self.limit

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        if self.request.upload_too_large:
            raise SkipFile

    def receive_data_chunk(self, raw_data, start):
        self.arrived += len(raw_data)
        if self.arrived > self.limit:
            self.request.upload_too_large = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size):
        return None
