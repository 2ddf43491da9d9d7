using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Loop.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Notifications;
using AgentFunctions.Monitors.Ticks;

namespace AgentFunctions.Monitors;

/// <summary>Source-generated JSON for monitors, incidents and what is kept of them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(DurationConverter), typeof(CamelCaseEnumConverter<DayOfWeek>)])]
[JsonSerializable(typeof(MonitorDefinition))]
[JsonSerializable(typeof(MonitorRecord))]
[JsonSerializable(typeof(MonitorMemory))]
[JsonSerializable(typeof(MonitorNotes))]
[JsonSerializable(typeof(MonitorSpending))]
[JsonSerializable(typeof(TickRecord))]
[JsonSerializable(typeof(Incident))]
[JsonSerializable(typeof(Notification))]
[JsonSerializable(typeof(DeadLetter))]
[JsonSerializable(typeof(MonitorState))]
[JsonSerializable(typeof(MonitorProgress))]
[JsonSerializable(typeof(PlanTicksInput))]
[JsonSerializable(typeof(MonitorPlan))]
[JsonSerializable(typeof(ManualTick))]
[JsonSerializable(typeof(RunTickInput))]
[JsonSerializable(typeof(RunTickResult))]
[JsonSerializable(typeof(IncidentWatch))]
[JsonSerializable(typeof(IncidentNews))]
[JsonSerializable(typeof(NotifyIncidentInput))]
[JsonSerializable(typeof(DeadLetterInput))]
[JsonSerializable(typeof(ResponseRequest))]
[JsonSerializable(typeof(StartResponseResult))]
[JsonSerializable(typeof(RecordResponseInput))]
internal sealed partial class MonitorJsonContext : JsonSerializerContext;
