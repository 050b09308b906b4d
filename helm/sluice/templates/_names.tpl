{{/* Of the installation: "sluice" for a release of that name, else "RELEASE-sluice". */}}
{{- define "sluice.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "sluice.secret" -}}
{{- if .Values.secret.create }}{{ include "sluice.fullname" . }}{{ else }}{{ required "existingSecret is empty, and secret.create is not set" .Values.existingSecret }}{{ end -}}
{{- end }}

{{/* The image of a service: list ROOT NAME. */}}
{{- define "sluice.image" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.image.registry }}{{ . }}/{{ end -}}
{{ $root.Values.image.prefix }}{{ index . 1 }}:{{ default $root.Chart.AppVersion $root.Values.image.tag }}
{{- end }}

{{/* Variables out of the Secret: dict root, needed, optional. */}}
{{- define "sluice.secrets" -}}
{{- $secret := include "sluice.secret" .root -}}
{{- range .needed }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ . }} } }
{{- end }}
{{- range .optional }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ . }}, optional: true } }
{{- end }}
{{- end }}

{{- define "sluice.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "sluice.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* A rule of egress to a store: its port, and where it may be. */}}
{{- define "sluice.store" -}}
- ports: [{ port: {{ .port }}, protocol: TCP }]
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* A rule of ingress from what stands in front. */}}
{{- define "sluice.front" -}}
- from:
    - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ .ingressNamespace }} } }
  ports: [{ port: http, protocol: TCP }]
{{- end }}
