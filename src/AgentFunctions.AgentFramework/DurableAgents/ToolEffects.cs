using System.Reflection;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Finds out what a function of an agent does to the world.</summary>
internal static class ToolEffects
{
    /// <summary>The property of a tool that says what it does.</summary>
    public const string Property = "agentfunctions.effect";

    private static readonly PropertyInfo? Inner = typeof(DelegatingAIFunction)
        .GetProperty("InnerFunction", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public);

    /// <summary>
    /// What a function does: as the options say, else as the tool says, else as its tool server says, else the worst.
    /// </summary>
    public static ToolEffect Of(AIFunction function, DurableAgentOptions options) =>
        options.Terms.TryGetValue(function.Name, out DurableAgentOptions.ToolTerms? terms) ? terms.Effect
            : OfProperty(function) ?? OfServer(function) ?? ToolEffect.NotIdempotent;

    private static ToolEffect? OfProperty(AIFunction function) => function.AdditionalProperties.GetValueOrDefault(Property) switch
    {
        ToolEffect effect => effect,
        string text when Enum.TryParse(text, ignoreCase: true, out ToolEffect effect) => effect,
        _ => null,
    };

    /// <summary>The hints of a tool of a server of the Model Context Protocol, whose package this one does without.</summary>
    private static ToolEffect? OfServer(AIFunction function)
    {
        object? hints = ValueOf(ValueOf(Innermost(function), "ProtocolTool"), "Annotations");
        return hints is null ? null
            : ValueOf(hints, "ReadOnlyHint") is true ? ToolEffect.None
            : ValueOf(hints, "IdempotentHint") is true ? ToolEffect.Idempotent
            : null;
    }

    private static object Innermost(AIFunction function)
    {
        while (function is DelegatingAIFunction && Inner?.GetValue(function) is AIFunction inner)
        {
            function = inner;
        }

        return function;
    }

    private static object? ValueOf(object? of, string name) => of?.GetType().GetProperty(name)?.GetValue(of);
}
