using System.Text.Json.Serialization;

namespace AgentFunctions.Governance.Questions;

/// <summary>Source-generated JSON of questions.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Question))]
[JsonSerializable(typeof(QuestionNotice))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(decimal))]
internal sealed partial class QuestionsJsonContext : JsonSerializerContext;
