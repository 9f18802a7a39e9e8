# The same program as everywhere: `hingepoint serve`. Two stages, so that no build tool is in the image.
FROM python:3.12-slim-trixie AS build
WORKDIR /build
RUN python -m venv /opt/hingepoint
COPY requirements/server.txt requirements/
RUN /opt/hingepoint/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/server.txt
COPY pyproject.toml README.md LICENSE ./
COPY docs docs
COPY src src
RUN /opt/hingepoint/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim-trixie
# pg_dump and pg_restore, for `hingepoint backup`
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data hingepoint && install --directory --owner hingepoint /data
COPY --from=build /opt/hingepoint /opt/hingepoint
ENV PATH="/opt/hingepoint/bin:$PATH" HINGEPOINT_DATA_DIR=/data PYTHONUNBUFFERED=1
USER hingepoint
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://localhost:8000/healthz', timeout=5)"]
CMD ["hingepoint", "serve", "--host", "0.0.0.0", "--port", "8000"]
