using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Represents an agent of Agent Framework that was made durable.</summary>
/// <param name="plan">How.</param>
/// <param name="options">What its team said about it.</param>
internal sealed class DurableAgent(AgentPlan plan, DurableAgentOptions options) : IDisposable
{
    private readonly SemaphoreSlim _probing = new(1);
    private ProbedTools? _probed;

    /// <summary>Gets how the agent was made durable.</summary>
    public AgentPlan Plan { get; } = plan;

    /// <summary>Gets what its team said about it.</summary>
    public DurableAgentOptions Options { get; } = options;

    /// <summary>Gets whether steps of a run share a session: something around the agent may keep state in it.</summary>
    public bool UsesSession => Plan.ThroughDecorators || Plan.Inner.AIContextProviders is { Count: > 0 };

    /// <summary>Gets the functions of the agent, which are found once.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<ProbedTools> ProbeAsync(CancellationToken cancellationToken)
    {
        if (_probed is { } known)
        {
            return known;
        }

        await _probing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _probed ??= Options.GivenTools is { } given
                ? new ProbedTools(given, new ChatOptions { Tools = [.. given] })
                : await AgentProbe.RunAsync(
                    Plan, await Plan.Inner.CreateSessionAsync(cancellationToken).ConfigureAwait(false), cancellationToken)
                    .ConfigureAwait(false);
        }
        finally
        {
            _probing.Release();
        }
    }

    /// <summary>Determines whether a function comes from a provider, which may bind it to a session.</summary>
    /// <param name="name">The name of the function.</param>
    public bool IsOfProvider(string name) =>
        UsesSession && Options.GivenTools is null && Plan.Options.ChatOptions?.Tools?.Any(tool => tool.Name == name) != true;

    /// <inheritdoc/>
    public void Dispose() => _probing.Dispose();
}
