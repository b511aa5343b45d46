# What runs, the same in every image: put into its Dockerfile by `invoke image.build`, where that says `include`.
# It starts from RUNTIME; the stage `engine` has the wheel of llama.cpp's binding in /out, or nothing.
FROM ${RUNTIME} AS base
RUN --mount=type=tmpfs,target=/tmp --mount=type=bind,from=steps,target=/steps \
    --mount=type=tmpfs,target=/var/lib/apt/lists --mount=type=tmpfs,target=/var/cache/apt --mount=type=tmpfs,target=/var/log \
    /steps/settle /steps/base
RUN --mount=type=tmpfs,target=/tmp --mount=type=bind,from=steps,target=/steps \
    --mount=type=bind,from=wheels,target=/wheels --mount=type=bind,from=engine,source=/out,target=/engine \
    /steps/settle /steps/packages
# A layer for each shard of a model that is baked: invoke image.build writes this step once for every layer, or not at all
RUN --mount=type=tmpfs,target=/tmp --mount=type=bind,from=steps,target=/steps \
    --mount=type=bind,from=models,source=layer-000,target=/models \
    /steps/settle /steps/weights
RUN --mount=type=tmpfs,target=/tmp --mount=type=bind,from=steps,target=/steps \
    --mount=type=bind,from=own,target=/own \
    /steps/settle /steps/seedling
RUN --mount=type=tmpfs,target=/tmp --mount=type=bind,from=steps,target=/steps \
    --mount=type=bind,from=own,target=/own --mount=type=bind,target=/inside \
    /steps/settle /steps/program

ENV SAGE_FLEET=/srv/sage/fleet \
    SAGE_STATE=/srv/sage/state \
    SAGE_MODELS=/srv/sage/models \
    SAGE_CARD=/etc/sage/host.yaml \
    SAGE_IMAGE_CARD=/etc/sage/image.yaml \
    HF_HUB_OFFLINE=1 \
    TRANSFORMERS_OFFLINE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/srv/sage/state
ARG PLATFORM=l4t
ARG ROLE
ARG BOARD
ARG MODEL=""
ARG MODEL_DIGEST=""
ARG VERSION
ARG REVISION
ARG SOURCE_DATE_EPOCH
ENV SAGE_COMMITTED="${SOURCE_DATE_EPOCH}"
LABEL sage.role="${ROLE}" \
      sage.board="${BOARD}" \
      sage.platform="${PLATFORM}" \
      sage.model="${MODEL}" \
      sage.model.digest="${MODEL_DIGEST}" \
      org.opencontainers.image.title="sage-edge for a ${ROLE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 10001:10001
WORKDIR /srv/sage/state
ENTRYPOINT ["/usr/bin/tini", "--", "sage-edge"]
CMD ["agent", "run"]
