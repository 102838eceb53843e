# A static binary alone, run by a user without rights:
#
#   docker build -t rollcall .
#   docker run --rm -p 127.0.0.1:8420:8420 -e REDIS_URL=redis://... rollcall

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -buildvcs=false -o /rollcall ./cmd/rollcall

FROM scratch
# For rediss:// to servers whose certificates public authorities signed.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /rollcall /usr/local/bin/rollcall
USER 65532:65532
EXPOSE 8420
ENTRYPOINT ["/usr/local/bin/rollcall"]
CMD ["serve", "--listen", "0.0.0.0:8420"]
