using System.Text.Json;
using AgentFunctions.Gateway.Previews;
using AgentFunctions.Governance.Policies;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Testing;

/// <summary>Asks a policy about calls, without a run: which verdict, by which rule, on which terms.</summary>
public sealed class PolicyCheck : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private PolicyCheck(ServiceProvider services) => _services = services;

    /// <summary>Loads a policy with the agents and tools that it is about.</summary>
    /// <param name="path">The policy file, or a folder of them.</param>
    /// <param name="configure">Adds the agents, the tools and the rules in C#.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the policy is broken; the message names file, line and remedy.
    /// </exception>
    public static PolicyCheck Load(string path, Action<IServiceCollection> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(new VirtualTime(new AgentTestOptions().Start));
        services.AddLogging();
        services.AddAgentFunctions(new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Governance:PolicyPath"] = path }).Build());
        configure(services);
        var check = new PolicyCheck(services.BuildServiceProvider());
        _ = check.Rules;
        return check;
    }

    /// <summary>Gets the names of the rules, in the order of their evaluation.</summary>
    public IReadOnlyList<string> Rules => _services.GetRequiredService<PolicyTests>().Current.Rules;

    /// <summary>Gets the verdict about a call of a run that has done nothing before and has its whole budget.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="tool">The tool.</param>
    /// <param name="arguments">The arguments as an anonymous object or a dictionary; <see langword="null"/> for none.</param>
    /// <param name="requester">The caller that submitted the run; <see langword="null"/> for one without roles.</param>
    /// <param name="goal">The goal of the run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.AgentNotFound"/>, <see cref="ErrorCode.ToolNotFound"/>.</exception>
    public Task<ToolVerdict> JudgeAsync(
        string agent, string tool, object? arguments = null, Caller? requester = null, string goal = "",
        CancellationToken cancellationToken = default) =>
        _services.GetRequiredService<PolicyTests>().TestAsync(
            new PolicyTestRequest(agent, tool)
            {
                Arguments = arguments is null ? null : JsonSerializer.SerializeToElement(arguments, JsonSerializerOptions.Web),
                Requester = requester?.Id ?? "",
                Roles = requester?.Roles ?? [],
                Goal = goal,
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
