using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Tools.Search;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>What the model is told of a tool, and what the host takes it to do.</summary>
/// <param name="Name">The name that the model calls it by.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Schema">The JSON schema of its arguments.</param>
/// <param name="Effect">What it does to the world.</param>
internal sealed record ToolDeclaration(string Name, string Description, JsonElement Schema, ToolEffect Effect)
{
    /// <summary>What a tool costs beyond its text: separators, names of fields.</summary>
    private const int Frame = 256;

    private AIFunctionDeclaration? _function;

    /// <summary>Gets whether the caller of the run executes it; false by default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsClient { get; init; }

    /// <summary>Gets the declaration as chat clients take it.</summary>
    [JsonIgnore]
    public AIFunctionDeclaration Function => _function ??= AIFunctionFactory.CreateDeclaration(Name, Description, Schema);

    /// <summary>What it takes in a request, in bytes (UTF-8); a generous bound.</summary>
    [JsonIgnore]
    internal long Bytes => Frame + Encoding.UTF8.GetByteCount(Name) + Encoding.UTF8.GetByteCount(Description)
        + Encoding.UTF8.GetByteCount(Schema.GetRawText());

    /// <summary>How it ranks among the tools of an agent, as far as this was made of a tool and not read.</summary>
    [JsonIgnore]
    internal ToolRank Rank { get; init; }

    /// <summary>The group of its tool, as far as this was made of a tool and not read.</summary>
    [JsonIgnore]
    internal string? Group { get; init; }

    internal static ToolDeclaration Of(AgentTool tool) =>
        new(tool.Name, tool.Function.Description, tool.Function.JsonSchema, tool.Effect)
        {
            Rank = tool.Reach != ToolReach.Outside || tool.MayRunAny is not null ? ToolRank.BuiltIn : ToolRank.Added,
            Group = tool.Group,
        };
}
