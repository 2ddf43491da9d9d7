using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Agents;
using AgentFunctions.AspNetCore.Health;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Runs;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>How the API writes and reads JSON, whatever the host has set for its own endpoints.</summary>
internal static class ApiJson
{
    /// <summary>The deepest nesting that a body may have.</summary>
    public const int MaxDepth = 32;

    /// <summary>Camel-cased; reading refuses unknown and repeated members, comments and numbers in quotes.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxDepth,
        TypeInfoResolver = ApiJsonContext.Default,
    };
}

/// <summary>Source-generated JSON for what the API writes and reads.</summary>
[JsonSerializable(typeof(RunSubmission))]
[JsonSerializable(typeof(CancelSubmission))]
[JsonSerializable(typeof(MessageSubmission))]
[JsonSerializable(typeof(BudgetResource))]
[JsonSerializable(typeof(ForkSubmission))]
[JsonSerializable(typeof(RunResource))]
[JsonSerializable(typeof(RunListResource))]
[JsonSerializable(typeof(EventResource))]
[JsonSerializable(typeof(IReadOnlyList<EventResource>))]
[JsonSerializable(typeof(TranscriptResource))]
[JsonSerializable(typeof(ArtifactListResource))]
[JsonSerializable(typeof(AgentListResource))]
[JsonSerializable(typeof(HealthResource))]
[JsonSerializable(typeof(ProblemResource))]
internal sealed partial class ApiJsonContext : JsonSerializerContext;
