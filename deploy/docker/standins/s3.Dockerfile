# moto answers as an S3 server does, and keeps everything in memory.
FROM estuary-standin/base:bookworm
RUN python3 -m venv /opt/moto && /opt/moto/bin/pip install --quiet --no-cache-dir 'moto[s3,server]>=5.1'
ENTRYPOINT ["/opt/moto/bin/moto_server", "--host", "0.0.0.0", "--port", "9000"]
