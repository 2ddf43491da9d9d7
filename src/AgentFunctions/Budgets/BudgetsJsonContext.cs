using System.Text.Json.Serialization;

namespace AgentFunctions.Budgets;

/// <summary>Source-generated JSON of budgets.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Budget))]
internal sealed partial class BudgetsJsonContext : JsonSerializerContext;
