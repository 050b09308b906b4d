{{/*
The Deployment of a service: dict root, name, and
  ports      named ports beside that of metrics
  ready      whether readiness asks what the service needs, or only whether it answers
  storage    whether it reads or writes the bucket
  needed     variables out of the Secret, beside those of all
  optional   the same, which may be missing
*/}}
{{- define "sluice.deployment" -}}
{{- $root := .root -}}
{{- $service := index $root.Values .name -}}
{{- $fullname := include "sluice.fullname" $root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $fullname }}-{{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
  {{- if not $service.autoscaling.enabled }}
  replicas: {{ $service.replicas }}
  {{- end }}
  minReadySeconds: 10
  strategy:
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
  selector:
    matchLabels:
      {{- include "sluice.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .name }}
  template:
    metadata:
      labels:
        {{- include "sluice.selector" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
      annotations:
        checksum/config: {{ toJson $root.Values.config | sha256sum }}
        {{- with $service.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ $fullname }}
      automountServiceAccountToken: false
      # Names of Services would become variables, and some of them ours.
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
      securityContext:
        {{- include "sluice.podSecurity" $root | nindent 8 }}
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "sluice.selector" $root | nindent 14 }}
              app.kubernetes.io/component: {{ $.name }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      containers:
        - name: {{ .name }}
          image: {{ include "sluice.image" (list $root .name) }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          ports:
            {{- range $name, $port := .ports }}
            - { name: {{ $name }}, containerPort: {{ $port }} }
            {{- end }}
            - { name: metrics, containerPort: 9464 }
          envFrom:
            - configMapRef: { name: {{ $fullname }} }
            {{- if .storage }}
            - configMapRef: { name: {{ $fullname }}-storage }
            {{- end }}
            {{- if eq .name "api" }}
            - configMapRef: { name: {{ $fullname }}-api }
            {{- end }}
          env:
            - name: INSTANCE
              valueFrom: { fieldRef: { fieldPath: metadata.name } }
            {{- $needed := concat (list "DATABASE_URL" "REDIS_URL") (.needed | default list) }}
            {{- $optional := concat (list "KAFKA_USER" "KAFKA_PASSWORD" "KAFKA_SCHEMA_REGISTRY_URL") (.optional | default list) }}
            {{- if .storage }}
            {{- $optional = concat $optional (list "S3_ACCESS_KEY" "S3_SECRET_KEY" "S3_SESSION_TOKEN") }}
            {{- end }}
            {{- include "sluice.secrets" (dict "root" $root "needed" $needed "optional" $optional) | trim | nindent 12 }}
            {{- with $service.env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          # A start waits 30 s for PostgreSQL and Kafka. Nothing is sent here before all works for the first time.
          startupProbe:
            httpGet: { path: /health/ready, port: metrics }
            periodSeconds: 2
            timeoutSeconds: 6
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /health/live, port: metrics }
            periodSeconds: 5
            timeoutSeconds: 3
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: {{ ternary "/health/ready" "/health/live" .ready }}, port: metrics }
            periodSeconds: 5
            timeoutSeconds: 6
          # Balancers learn of the end meanwhile.
          lifecycle:
            preStop: { exec: { command: [sleep, {{ $root.Values.drainSeconds | toString | quote }}] } }
          resources:
            {{- toYaml $service.resources | nindent 12 }}
          securityContext:
            {{- include "sluice.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            - { name: data, mountPath: /var/lib/sluice }
            - { name: tmp, mountPath: /tmp }
            {{- with $root.Values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        # ingest locks a file in it. Nothing in it has to last.
        - { name: data, emptyDir: { sizeLimit: 64Mi } }
        - { name: tmp, emptyDir: { sizeLimit: 64Mi } }
        {{- with $root.Values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with $service.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $service.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $service.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
