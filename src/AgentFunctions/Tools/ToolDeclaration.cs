using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>What the model is told of a tool, and what the host takes it to do.</summary>
/// <param name="Name">The name that the model calls it by.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Schema">The JSON schema of its arguments.</param>
/// <param name="Effect">What it does to the world.</param>
public sealed record ToolDeclaration(string Name, string Description, JsonElement Schema, ToolEffect Effect)
{
    private AIFunctionDeclaration? _function;

    /// <summary>The declaration as chat clients take it.</summary>
    [JsonIgnore]
    public AIFunctionDeclaration Function => _function ??= AIFunctionFactory.CreateDeclaration(Name, Description, Schema);

    internal static ToolDeclaration Of(AgentTool tool) => new(tool.Name, tool.Function.Description, tool.Function.JsonSchema, tool.Effect);
}
