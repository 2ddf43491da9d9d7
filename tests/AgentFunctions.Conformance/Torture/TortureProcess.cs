using System.Globalization;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;

namespace AgentFunctions.Conformance.Torture;

/// <summary>The process that is killed: it goes on with all runs that it finds, and schedules new ones.</summary>
internal sealed class TortureProcess
{
    /// <summary>The argument that starts it.</summary>
    public const string Verb = "torture-process";

    /// <summary>What it says once the engine runs.</summary>
    public const string Ready = "ready";

    private const int AtATime = 40;

    private readonly TortureFolder _folder;
    private readonly SqliteEngine _engine;
    private readonly SemaphoreSlim _slots = new(0);
    private readonly Dictionary<int, HashSet<int>> _raised = [];
    private readonly HashSet<int> _scheduled = [];
    private int _next;

    private TortureProcess(TortureFolder folder)
    {
        _folder = folder;
        SqliteEngine? engine = null;
        DurableRegistry registry = TortureLoad.Registry(() => engine!.Records, () => engine!.Logs, folder.Effect);
        _engine = engine = new SqliteEngine(new SqliteEngineOptions { DataFile = folder.DataFile, MaxIdleInstances = 20 },
            registry);
    }

    /// <summary>Runs until it is killed; or, where it may not schedule, until all runs have ended.</summary>
    public static async Task<int> RunAsync(string path, bool maySchedule)
    {
        var process = new TortureProcess(new TortureFolder(path));
        List<int> unfinished = process.ReadBack();
        await process._engine.StartAsync();
        Console.WriteLine(Ready);
        if (!maySchedule)
        {
            unfinished.AddRange(await process.UnacknowledgedAsync());
        }

        List<Task> drivers = [.. unfinished.Select(process.DriveAsync)];
        process._slots.Release(Math.Max(1, AtATime - unfinished.Count));
        while (maySchedule)
        {
            await process._slots.WaitAsync();
            _ = process.DriveAsync(process._next++);
        }

        await Task.WhenAll(drivers);
        await process._engine.DisposeAsync();
        return 0;
    }

    // What was promised before the kill.
    private List<int> ReadBack()
    {
        HashSet<int> over = [];
        foreach ((Acknowledgement what, int run, string detail) in _folder.ReadAcknowledged())
        {
            switch (what)
            {
                case Acknowledgement.Scheduled:
                    _scheduled.Add(run);
                    break;
                case Acknowledgement.Raised:
                    RaisedOf(run).Add(int.Parse(detail, CultureInfo.InvariantCulture));
                    break;
                case Acknowledgement.Ended:
                    if (!TortureLoad.IsPurged(run))
                    {
                        over.Add(run);
                    }

                    break;
                case Acknowledgement.Purged:
                    over.Add(run);
                    break;
            }
        }

        _next = _scheduled.Count == 0 ? 0 : _scheduled.Max() + 1;
        return [.. Enumerable.Range(0, _next).Except(over)];
    }

    // On record, and killed before it was said. A process that may schedule meets them under its next numbers.
    private async Task<List<int>> UnacknowledgedAsync()
    {
        List<int> found = [];
        for (int run = _next; run < _next + (10 * AtATime); run++)
        {
            if (await _engine.Client.GetAsync(TortureLoad.IdOf(run)) is not null)
            {
                found.Add(run);
            }
        }

        return found;
    }

    private void Acknowledge(Acknowledgement what, int run, string detail = "")
    {
        _folder.Acknowledge(what, run, detail);
        Console.WriteLine(what);
    }

    private HashSet<int> RaisedOf(int run)
    {
        lock (_raised)
        {
            return _raised.TryGetValue(run, out HashSet<int>? raised) ? raised : _raised[run] = [];
        }
    }

    // From wherever the run stands to its end. A call that was cut off is made again.
    private async Task DriveAsync(int run)
    {
        try
        {
            string id = TortureLoad.IdOf(run);
            string kind = TortureLoad.KindOf(run);
            await ScheduleAsync(run, id, kind);
            if (await _engine.Client.GetAsync(id) is not null)
            {
                await StimulateAsync(run, id, kind);
                OrchestrationState state = await _engine.Client.WaitForCompletionAsync(id);
                Acknowledge(Acknowledgement.Ended, run, state.Output ?? "");
            }

            if (TortureLoad.IsPurged(run))
            {
                // A run goes once its children, which are told to end with it, have ended too.
                await Poll.UntilAsync(async () =>
                {
                    await _engine.Client.PurgeAsync(id);
                    return await _engine.Client.GetAsync(id) is null;
                });
                Acknowledge(Acknowledgement.Purged, run);
            }

            _slots.Release();
        }
        catch (Exception error)
        {
            // The checker reads it, and fails.
            Console.WriteLine($"Run {run} of kind {TortureLoad.KindOf(run)}: {error}");
            Environment.Exit(1);
        }
    }

    private async Task ScheduleAsync(int run, string id, string kind)
    {
        if (_scheduled.Contains(run))
        {
            return;
        }

        try
        {
            object input = kind == "rounds" ? new List<int>() : run;
            DateTimeOffset? startAt = kind is "rounds" or "timers" ? DateTimeOffset.UtcNow.AddMilliseconds(20) : null;
            await _engine.Client.ScheduleAsync(kind, input, new StartOptions { InstanceId = id, StartAt = startAt });
        }
        catch (AgentException exists) when (exists.Code == ErrorCode.InstanceExists)
        {
            // Recorded, and killed before it was said.
        }

        Acknowledge(Acknowledgement.Scheduled, run);
    }

    private async Task StimulateAsync(int run, string id, string kind)
    {
        switch (kind)
        {
            case "events" or "rounds":
                for (int item = 0; item < TortureLoad.Events; item++)
                {
                    if (!RaisedOf(run).Contains(item))
                    {
                        await _engine.Client.RaiseEventAsync(id, "item", item);
                        Acknowledge(Acknowledgement.Raised, run, item.ToString(CultureInfo.InvariantCulture));
                    }
                }

                break;
            case "held":
                await _engine.Client.SuspendAsync(id);
                await _engine.Client.RaiseEventAsync(id, "item", 1);
                await _engine.Client.ResumeAsync(id);
                break;
            case "ended":
                await _engine.Client.TerminateAsync(id, "enough");
                break;
        }
    }
}
