using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Records;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>
/// How the arguments of tools are read and described: those of the tools here without reflection, which a process pays for at its
/// start.
/// </summary>
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<PlanItem>))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(long?))]
[JsonSerializable(typeof(double?))]
[JsonSerializable(typeof(decimal?))]
[JsonSerializable(typeof(JsonElement?))]
internal sealed partial class ToolArgumentsJsonContext : JsonSerializerContext
{
    /// <summary>Gets the options of Microsoft.Extensions.AI, which ask this context first.</summary>
    public static JsonSerializerOptions WithDefaults { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(AIJsonUtilities.DefaultOptions);
        options.TypeInfoResolverChain.Insert(0, new ToolArgumentsJsonContext());
        options.MakeReadOnly();
        return options;
    }
}
