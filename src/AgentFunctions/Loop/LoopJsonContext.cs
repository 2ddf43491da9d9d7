using System.Text.Json.Serialization;

namespace AgentFunctions.Loop;

/// <summary>Source-generated JSON of what the loop and its steps tell each other.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunState))]
[JsonSerializable(typeof(RunOutcome))]
[JsonSerializable(typeof(CallModelInput))]
[JsonSerializable(typeof(CallModelResult))]
[JsonSerializable(typeof(CallToolInput))]
[JsonSerializable(typeof(CallToolResult))]
[JsonSerializable(typeof(NotifyInput))]
[JsonSerializable(typeof(CompactInput))]
[JsonSerializable(typeof(CompactResult))]
[JsonSerializable(typeof(CheckAcceptanceInput))]
[JsonSerializable(typeof(CheckAcceptanceResult))]
[JsonSerializable(typeof(ChildEnded))]
[JsonSerializable(typeof(ReportResult))]
[JsonSerializable(typeof(EndChildrenInput))]
[JsonSerializable(typeof(RunCommand))]
[JsonSerializable(typeof(EraseOrder))]
[JsonSerializable(typeof(EraseInput))]
[JsonSerializable(typeof(EraseProgress))]
[JsonSerializable(typeof(EraseReport))]
[JsonSerializable(typeof(RunsOrder))]
[JsonSerializable(typeof(RunsInput))]
[JsonSerializable(typeof(RunsProgress))]
[JsonSerializable(typeof(RunsCount))]
[JsonSerializable(typeof(IReadOnlyList<RunFault>))]
[JsonSerializable(typeof(QuestionInput))]
[JsonSerializable(typeof(QuestionLook))]
internal sealed partial class LoopJsonContext : JsonSerializerContext;
