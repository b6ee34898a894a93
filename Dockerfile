# Letterpress in a container: docker build -t letterpress . && docker run -v ./config:/config -v letters:/data -p 8080:8080 letterpress
#
# /config  letterpress.toml and what it names by a relative path (articles, templates)
# /data    the database, keys and state: the volume to back up

FROM rust:1.95-bookworm AS build
WORKDIR /build
# The dependencies first: they change rarely and take nearly all of the time.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir -p src tests \
    && echo 'fn main() {}' > src/main.rs && touch src/lib.rs tests/suite.rs \
    && cargo build --release --locked \
    && rm -r src tests
COPY . .
# Without newer times cargo would take the empty crate above for the built one.
RUN find src -name '*.rs' -exec touch {} + && cargo build --release --locked --bin letterpress

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /data /config \
    && chown 65532:65532 /data /config
COPY --from=build /build/target/release/letterpress /usr/local/bin/letterpress
COPY --from=build /build/LICENSE /build/LICENSE-APACHE /build/LICENSE-MIT /usr/share/doc/letterpress/

ENV LETTERPRESS_CONFIG=/config/letterpress.toml \
    LETTERPRESS__DATABASE__URL=sqlite:///data/letterpress.db \
    LETTERPRESS__STATE__DIR=/data/state \
    LETTERPRESS__HTTP__LISTEN=0.0.0.0:8080
USER 65532:65532
WORKDIR /data
VOLUME ["/data", "/config"]
EXPOSE 8080
# A first scan of a large folder takes a while; until then the answer is "not ready", not "broken".
HEALTHCHECK --interval=30s --timeout=5s --start-period=5m --retries=3 CMD ["letterpress", "health"]
# serve drains on SIGTERM: give it at least 30 s (docker stop --time 30).
STOPSIGNAL SIGTERM
ENTRYPOINT ["letterpress"]
CMD ["serve"]
