using Microsoft.Agents.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Specifies what a decorator of an agent does.</summary>
internal enum DecoratorKind
{
    /// <summary>Something of the team's own around a run.</summary>
    Unknown,

    /// <summary>Watches, and changes nothing.</summary>
    Telemetry,

    /// <summary>Stands around calls of functions.</summary>
    Function,

    /// <summary>Stands around runs.</summary>
    Run,

    /// <summary>Adds messages to each run.</summary>
    Messages,

    /// <summary>Repeats runs until a check is content.</summary>
    Loop,

    /// <summary>Asks people about calls of functions.</summary>
    Approval,
}

/// <summary>Tells decorators apart. Those of Agent Framework that are not public are known by name.</summary>
internal static class Decorators
{
    /// <summary>The names of decorators that are not public.</summary>
    internal static readonly Dictionary<string, DecoratorKind> ByName = new(StringComparer.Ordinal)
    {
        ["Microsoft.Agents.AI.FunctionInvocationDelegatingAgent"] = DecoratorKind.Function,
        ["Microsoft.Agents.AI.AnonymousDelegatingAIAgent"] = DecoratorKind.Run,
        ["Microsoft.Agents.AI.MessageAIContextProviderAgent"] = DecoratorKind.Messages,
        ["Microsoft.Agents.AI.ToolApprovalAgent"] = DecoratorKind.Approval,
    };

    /// <summary>What a decorator does.</summary>
    public static DecoratorKind KindOf(AIAgent decorator) => decorator switch
    {
        OpenTelemetryAgent or LoggingAgent => DecoratorKind.Telemetry,
        LoopAgent => DecoratorKind.Loop,
        _ => ByName.GetValueOrDefault(decorator.GetType().FullName ?? ""),
    };
}
