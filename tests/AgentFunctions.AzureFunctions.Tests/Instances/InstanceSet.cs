using System.Text.Json;
using AgentFunctions.AzureFunctions.Tests.InProcess;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.Instances;

/// <summary>
/// Several instances of an app on one task hub and one storage account. Durable Task's test host takes one worker, so this worker
/// hands each step, and each replay of an orchestration, to an instance by chance; a step whose instance was killed goes to
/// another.
/// </summary>
internal sealed class InstanceSet : IAsyncDisposable
{
    private readonly Instance[] _instances;
    private readonly Random _random;
    private readonly Lock _gate = new();
    private InProcessHost _host = null!;
    private int _steps;

    private InstanceSet(Instance[] instances, int seed) => (_instances, _random) = (instances, new Random(seed));

    /// <summary>The instances, killed ones among them.</summary>
    public IReadOnlyList<Instance> All => _instances;

    /// <summary>Gets or sets what happens when so many steps have been handed out.</summary>
    public (int Steps, Action Act)? At { get; set; }

    /// <summary>The model calls that were begun by an instance which was killed before they came back.</summary>
    public int CutOffModelCalls { get; private set; }

    /// <summary>The tool calls that were begun by an instance which was killed before they came back.</summary>
    public int CutOffToolCalls { get; private set; }

    public static async Task<InstanceSet> StartAsync(
        int count, int seed, OpenAIProtocolServer model, Action<IServiceCollection> add,
        params KeyValuePair<string, string?>[] settings)
    {
        string account = AzuriteServer.TakeAccount();
        Instance[] instances = [.. Enumerable.Range(0, count)
            .Select(number => new Instance(number, account, model, add, settings))];
        var set = new InstanceSet(instances, seed);
        DurableRegistry registry = instances[0].Get<DurableRegistry>();
        set._host = await InProcessHost.StartAsync(new DurableRegistry(), null, tasks =>
        {
            foreach (string name in registry.Orchestrators.Keys)
            {
                tasks.AddOrchestratorFunc<JsonElement?, JsonElement?>(name, (context, _) => set.Any().OrchestrateAsync(context));
            }

            foreach (string name in registry.Activities.Keys)
            {
                tasks.AddActivityFunc<JsonElement?, JsonElement?>(name,
                    (context, input) => set.StepAsync(name, context.InstanceId, input));
            }
        });
        foreach (Instance instance in instances)
        {
            instance.Get<DurableTaskClientAccessor>().Client = set._host.DurableClient;
        }

        return set;
    }

    /// <summary>One that lives, by chance.</summary>
    public Instance Any()
    {
        lock (_gate)
        {
            Instance[] alive = [.. _instances.Where(static instance => instance.IsAlive)];
            return alive[_random.Next(alive.Length)];
        }
    }

    /// <summary>
    /// Asks an instance by chance; if it is killed before it answers, another one, as a caller whose connection broke. What it
    /// waits for in the killed one, such as a write that a step there had begun, never comes.
    /// </summary>
    public async Task<T> CallAsync<T>(Func<Instance, Task<T>> call)
    {
        while (true)
        {
            Instance instance = Any();
            (bool isDone, T? result) = await instance.CallAsync(() => call(instance));
            if (isDone)
            {
                return result!;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        // What is still at work would keep the host from ending.
        foreach (Instance instance in _instances)
        {
            instance.Kill();
        }

        await _host.DisposeAsync();
        foreach (Instance instance in _instances)
        {
            await instance.DisposeAsync();
        }
    }

    private async Task<JsonElement?> StepAsync(string name, string instanceId, JsonElement? input)
    {
        if (At is var (steps, act) && Interlocked.Increment(ref _steps) == steps)
        {
            act();
        }

        while (true)
        {
            (bool isDone, JsonElement? result) = await Any().StepAsync(name, instanceId, input, _host.DurableClient);
            if (isDone)
            {
                return result;
            }

            lock (_gate)
            {
                CutOffModelCalls += name is StepNames.CallModel or StepNames.Compact ? 1 : 0;
                CutOffToolCalls += name == StepNames.CallTool ? 1 : 0;
            }
        }
    }
}
