using AgentFunctions.Agents;
using AgentFunctions.Models;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework;

/// <summary>Represents the options of an agent of Agent Framework that is made durable.</summary>
public sealed class DurableAgentOptions
{
    private readonly Dictionary<string, ToolTerms> _tools = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ToolEffect> _hosted = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets or sets the name of the durable agent; by default the agent's own.</summary>
    public string? Name { get; set; }

    /// <summary>Gets or sets what becomes of run middleware; refused by default.</summary>
    public MiddlewareScope Middleware { get; set; }

    /// <summary>Gets or sets what becomes of a history provider of the agent's own; refused by default.</summary>
    public HistoryMode History { get; set; }

    /// <summary>Gets or sets where a run stops at the latest.</summary>
    public AgentLimits Limits { get; set; } = new();

    /// <summary>Gets or sets how long one call of a tool may take; two minutes by default.</summary>
    public TimeSpan ToolTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Gets or sets the properties of the agent's model, such as its window and its price.</summary>
    public ModelProfile Model { get; set; } = new() { Provider = "agent-framework" };

    /// <summary>Gets what was said of tools, by name.</summary>
    internal IReadOnlyDictionary<string, ToolTerms> Terms => _tools;

    /// <summary>Gets the hosted tools that are allowed though they act, by name.</summary>
    internal IReadOnlyDictionary<string, ToolEffect> Hosted => _hosted;

    /// <summary>Gets the tools that were given in place of those that a probe finds; <see langword="null"/> to probe.</summary>
    internal IReadOnlyList<AIFunction>? GivenTools { get; private set; }

    /// <summary>
    /// Sets what a tool does to the world. A tool that is not named, and does not state its effect itself, is
    /// <see cref="ToolEffect.NotIdempotent"/>.
    /// </summary>
    /// <param name="tool">The name of the tool.</param>
    /// <param name="effect">What it does.</param>
    /// <param name="reconcile">
    /// Finds out after a crash whether a call took effect; <see langword="null"/> if that cannot be found out.
    /// </param>
    public DurableAgentOptions Effect(
        string tool, ToolEffect effect,
        Func<ToolContext, AIFunctionArguments, CancellationToken, Task<Reconciliation>>? reconcile = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(tool);
        _tools[tool] = new ToolTerms(effect, reconcile);
        return this;
    }

    /// <summary>Sets what becomes of run middleware.</summary>
    /// <param name="scope">Where it is called.</param>
    public DurableAgentOptions RunMiddleware(MiddlewareScope scope)
    {
        Middleware = scope;
        return this;
    }

    /// <summary>
    /// Allows a hosted tool that acts at the provider's side, within a model call. A crash repeats the call, so only a tool
    /// without effects, or one whose effects may be repeated, is safe.
    /// </summary>
    /// <param name="tool">The name of the tool.</param>
    /// <param name="effect">What it does to the world; not <see cref="ToolEffect.NotIdempotent"/>.</param>
    public DurableAgentOptions AllowHostedTool(string tool, ToolEffect effect)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(tool);
        ArgumentOutOfRangeException.ThrowIfEqual((int)effect, (int)ToolEffect.NotIdempotent, nameof(effect));
        _hosted[tool] = effect;
        return this;
    }

    /// <summary>Gives the tools of the agent in place of those that a probe finds, for an agent that cannot be probed.</summary>
    /// <param name="tools">The tools, with their middleware.</param>
    public DurableAgentOptions Tools(params AIFunction[] tools)
    {
        ArgumentNullException.ThrowIfNull(tools);
        GivenTools = [.. tools];
        return this;
    }

    /// <summary>What was said of a tool.</summary>
    /// <param name="Effect">What it does.</param>
    /// <param name="Reconcile">Finds out whether a call took effect.</param>
    internal sealed record ToolTerms(
        ToolEffect Effect, Func<ToolContext, AIFunctionArguments, CancellationToken, Task<Reconciliation>>? Reconcile);
}
