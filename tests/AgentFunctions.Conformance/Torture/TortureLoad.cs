using System.Globalization;
using AgentFunctions.Durability;
using AgentFunctions.Storage;

namespace AgentFunctions.Conformance.Torture;

/// <summary>The mixed load: what runs there are, what they do, and how each of them must end.</summary>
internal static class TortureLoad
{
    /// <summary>How many events the runs that wait for some get.</summary>
    public const int Events = 6;

    private static readonly string[] Kinds =
        ["sequence", "fan-out", "timers", "events", "rounds", "children", "effects", "held", "ended", "retried"];

    /// <summary>The orchestrator that the run of a number is an instance of.</summary>
    public static string KindOf(int number) => Kinds[number % Kinds.Length];

    public static string IdOf(int number) => string.Create(CultureInfo.InvariantCulture, $"run-{number:D6}");

    /// <summary>Whether a run is purged when it has ended: most are, or the file would only grow.</summary>
    public static bool IsPurged(int number) => number / Kinds.Length % 4 != 0;

    /// <summary>Whether a run has ended as it must.</summary>
    public static bool IsRight(int number, OrchestrationState state) => KindOf(number) switch
    {
        "sequence" => IsOutput(state, $"{number + 10}"),
        "fan-out" => IsOutput(state, $"{(number * 20) + 210}"),
        "timers" => IsOutput(state, $"{number + 4}"),
        "events" => IsOutput(state, "\"0,1,2,3,4,5\""),
        "rounds" => IsOutput(state, "\"0,1,2,3,4,5\""),
        "children" => IsOutput(state, $"{5 * (number + 4)}"),
        "effects" => state.Status == OrchestrationStatus.Completed
            && DurableJson.Deserialize<string[]>(state.Output) is { Length: 4 } effects
            && effects.All(effect => effect is "done" or "unknown"),
        "held" => IsOutput(state, "\"resumed\""),
        "ended" => state is { Status: OrchestrationStatus.Terminated, Output: "\"enough\"" },
        _ => IsOutput(state, "\"third time\""),
    };

    public static DurableRegistry Registry(Func<IRecordStore> records, Func<ILogStore> logs, Action<string> effect) =>
        new DurableRegistry()
        .AddActivity<long, Counted>("add", (_, value) => Task.FromResult(new Counted(value + 1, Guid.NewGuid())))
        .AddActivity<int, bool>("log", (context, position) => LogOnceAsync(logs(), context.InstanceId, position))
        .AddActivity<int, string>("effect",
            (context, number) => EffectOnceAsync(records(), effect, $"{context.InstanceId}/{number}"))
        .AddActivity<int, string>("third", (context, _) =>
            context.TaskId < 4 ? throw new InvalidOperationException("not yet") : Task.FromResult("third time"))
        .AddOrchestrator<int, long>("sequence", SequenceAsync)
        .AddOrchestrator<int, long>("fan-out", async (context, number) => (await Task.WhenAll(
            Enumerable.Range(0, 20)
                .Select(item => context.CallActivityAsync<Counted>("add", (long)number + item)))).Sum(result => result.Value))
        .AddOrchestrator<int, long>("timers", TimersAsync)
        .AddOrchestrator<int, string>("events", EventsAsync)
        .AddOrchestrator<List<int>, string>("rounds", RoundsAsync)
        .AddOrchestrator<int, long>("children", async (context, number) => (await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => context.CallSubOrchestratorAsync<long>("child", number)))).Sum())
        .AddOrchestrator<int, long>("child", async (context, number) =>
            await context.CallSubOrchestratorAsync<long>("grandchild", await AddAsync(context, number)))
        .AddOrchestrator<long, long>("grandchild",
            async (context, value) => await AddAsync(context, await AddAsync(context, await AddAsync(context, value))))
        .AddOrchestrator<int, List<string>>("effects", EffectsAsync)
        .AddOrchestrator<int, string>("held", async (context, _) =>
        {
            await context.WaitForExternalEventAsync<int>("item");
            await AddAsync(context, 1);
            return "resumed";
        })
        .AddOrchestrator<int, int>("ended", async (context, _) => (await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => context.CallSubOrchestratorAsync<int>("waiting", 0)))).Length)
        .AddOrchestrator<int, int>("waiting", (context, _) => context.WaitForExternalEventAsync<int>("never"))
        .AddOrchestrator<int, string>("retried", (context, number) =>
            context.CallActivityAsync<string>("third", number,
                new TaskOptions(new RetryPolicy(3, TimeSpan.FromMilliseconds(2)))));

    private static bool IsOutput(OrchestrationState state, string output) =>
        state.Status == OrchestrationStatus.Completed && state.Output == output;

    private static async Task<long> AddAsync(IOrchestrationContext context, long value) =>
        (await context.CallActivityAsync<Counted>("add", value)).Value;

    private static async Task<long> SequenceAsync(IOrchestrationContext context, int number)
    {
        long value = number;
        for (int step = 0; step < 10; step++)
        {
            value = await AddAsync(context, value);
            context.SetCustomStatus(step);
        }

        for (int position = 0; position < 3; position++)
        {
            await context.CallActivityAsync<bool>("log", position);
        }

        return value;
    }

    private static async Task<long> TimersAsync(IOrchestrationContext context, int number)
    {
        long value = number;
        for (int step = 0; step < 4; step++)
        {
            using var late = new CancellationTokenSource();
            Task timer = context.CreateTimerAsync(context.CurrentTime.AddDays(1), late.Token);
            await Task.WhenAny(context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(step * 10)), timer);
            late.Cancel();
            value = await AddAsync(context, value);
        }

        return value;
    }

    private static async Task<string> EventsAsync(IOrchestrationContext context, int number)
    {
        SortedSet<int> seen = [];
        while (seen.Count < Events)
        {
            seen.Add(await context.WaitForExternalEventAsync<int>("item"));
        }

        await AddAsync(context, number);
        return string.Join(',', seen);
    }

    private static async Task<string> RoundsAsync(IOrchestrationContext context, List<int> seen)
    {
        int item = await context.WaitForExternalEventAsync<int>("item");
        await AddAsync(context, item);
        List<int> next = [.. seen.Append(item).Distinct().Order()];
        if (next.Count < Events)
        {
            context.ContinueAsNew(next);
        }

        return string.Join(',', next);
    }

    private static async Task<List<string>> EffectsAsync(IOrchestrationContext context, int number)
    {
        List<string> outcomes = [];
        for (int step = 0; step < 4; step++)
        {
            outcomes.Add(await context.CallActivityAsync<string>("effect", step));
        }

        return outcomes;
    }

    // An append that a crash repeats finds its position taken.
    private static async Task<bool> LogOnceAsync(ILogStore logs, string instanceId, int position)
    {
        try
        {
            await logs.AppendAsync($"log/{instanceId}", [BitConverter.GetBytes(position)], position);
            return true;
        }
        catch (AgentException taken) when (taken.Code == ErrorCode.PositionConflict)
        {
            return false;
        }
    }

    // The effect ledger in small: started before, done after; what was started and not done is not done again.
    private static async Task<string> EffectOnceAsync(IRecordStore records, Action<string> effect, string key)
    {
        try
        {
            string etag = await records.PutAsync($"effect/{key}", "started"u8.ToArray(), RecordCondition.IfNew);
            effect(key);
            await records.PutAsync($"effect/{key}", "done"u8.ToArray(), RecordCondition.IfMatch(etag));
            return "done";
        }
        catch (AgentException exists) when (exists.Code == ErrorCode.EtagConflict)
        {
            StoredRecord record = (await records.GetAsync($"effect/{key}"))!;
            return record.Value.Span.SequenceEqual("done"u8) ? "done" : "unknown";
        }
    }

    /// <summary>A result that no second execution would produce again.</summary>
    public sealed record Counted(long Value, Guid Nonce);
}
