using AgentFunctions.Durability;
using AgentFunctions.TestKit;
using NUnit.Framework.Interfaces;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>
/// What every engine behind the orchestration port must do. An adapter derives a fixture and says how to start its engine;
/// the tests use the port alone, real time, and nothing that only one engine has. The meaning is Durable Task's: where the
/// documents leave room, a comment names the source that decides.
/// </summary>
[Parallelizable(ParallelScope.Children)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public abstract partial class OrchestrationConformance
{
    private ConformanceHost? _host;

    /// <summary>Starts an engine without any data that runs what is registered.</summary>
    /// <param name="registry">The orchestrators and activities.</param>
    protected abstract Task<ConformanceHost> StartAsync(DurableRegistry registry);

    protected DurableRegistry Registry { get; } = new();

    protected ConformanceHost Host => _host ?? throw new InvalidOperationException("Start the host first.");

    protected IOrchestrationClient Client => Host.Client;

    protected static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [TearDown]
    public async Task StopAsync()
    {
        if (_host is null)
        {
            return;
        }

        try
        {
            if (TestContext.CurrentContext.Result.Outcome.Status == TestStatus.Passed)
            {
                await _host.VerifyAsync();
            }
        }
        finally
        {
            await _host.DisposeAsync();
        }
    }

    protected async Task StartHostAsync() => _host = await StartAsync(Registry);

    /// <summary>Runs one orchestrator to its end.</summary>
    protected async Task<OrchestrationState> RunAsync<TInput, TOutput>(
        Func<IOrchestrationContext, TInput, Task<TOutput>> orchestrator, TInput input)
    {
        string id = await BeginAsync(orchestrator, input);
        return await EndOf(id);
    }

    /// <summary>Runs one orchestrator that takes nothing to its end.</summary>
    protected Task<OrchestrationState> RunAsync<TOutput>(Func<IOrchestrationContext, Task<TOutput>> orchestrator) =>
        RunAsync<object?, TOutput>((context, _) => orchestrator(context), null);

    /// <summary>Starts the host with one orchestrator, and an instance of it.</summary>
    protected async Task<string> BeginAsync<TInput, TOutput>(
        Func<IOrchestrationContext, TInput, Task<TOutput>> orchestrator, TInput input)
    {
        Registry.AddOrchestrator("main", orchestrator);
        await StartHostAsync();
        return await Client.ScheduleAsync("main", input, null, Cancel);
    }

    /// <summary>Starts the host with one orchestrator that takes nothing, and an instance of it.</summary>
    protected Task<string> BeginAsync<TOutput>(Func<IOrchestrationContext, Task<TOutput>> orchestrator) =>
        BeginAsync<object?, TOutput>((context, _) => orchestrator(context), null);

    protected Task<OrchestrationState> EndOf(string instanceId) => Client.WaitForCompletionAsync(instanceId, Cancel);

    protected static T? Output<T>(OrchestrationState state)
    {
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Completed), () => $"{state.Failure}");
        return DurableJson.Deserialize<T>(state.Output);
    }

    protected async Task<List<HistoryEvent>> HistoryOf(string instanceId)
    {
        List<HistoryEvent> events = [];
        await foreach (HistoryEvent next in Client.ReadHistoryAsync(instanceId, Cancel))
        {
            events.Add(next);
        }

        return events;
    }

    /// <summary>Waits until an instance publishes a custom status; orchestrators use it to say how far they are.</summary>
    protected Task<OrchestrationState> UntilStatusIs(string instanceId, string customStatus) =>
        Until(instanceId, state => state.CustomStatus == DurableJson.Serialize(customStatus));

    /// <summary>
    /// Waits until an instance is as it should be. The port has no signal for this, so it looks again and again.
    /// </summary>
    protected Task<OrchestrationState> Until(string instanceId, Func<OrchestrationState, bool> condition)
    {
        return Poll.ForAsync(LookAsync, Cancel);

        async Task<OrchestrationState?> LookAsync()
        {
            try
            {
                return await Client.GetAsync(instanceId, true, Cancel) is { } state && condition(state) ? state : null;
            }
            catch (AgentException e) when (e.IsTransient)
            {
                // Microsoft's in-process host fails the call for a sub-orchestration that has not had its first turn.
                return null;
            }
        }
    }

    protected static async Task<AgentException> ThrowsAsync(ErrorCode code, Func<Task> call)
    {
        AgentException error = Assert.ThrowsAsync<AgentException>(async () => await call())!;
        Assert.That(error.Code, Is.EqualTo(code), error.Message);
        return await Task.FromResult(error);
    }
}
