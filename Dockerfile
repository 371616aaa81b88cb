# prefixlint with git, which `prefixlint compare` and `--changed-since` read the history with.
#
#   docker run --rm --volume "$PWD:/repo:ro" ghcr.io/prefixlint/prefixlint check

FROM rust:1.95-alpine3.23 AS build
# Alpine drops old versions of its packages: pinned ones break the build.
# hadolint ignore=DL3018
RUN apk add --no-cache musl-dev
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin prefixlint

FROM alpine:3.23
# A mounted repository belongs to another user than the one in here.
# hadolint ignore=DL3018
RUN apk add --no-cache git && git config --system --add safe.directory '*'
COPY --from=build /src/target/release/prefixlint /usr/local/bin/prefixlint
USER 10001
WORKDIR /repo
ENTRYPOINT ["prefixlint"]
CMD ["check"]
