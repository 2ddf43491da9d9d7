using System.Globalization;
using System.Text;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using AgentFunctions.Views.Runs;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.Tests.Views.Runs;

/// <summary>
/// What becomes of many runs, at random: each act in the order in which the program does it, and cut off at any point. What the
/// orchestrations say is the truth.
/// </summary>
internal sealed class RunStory
{
    private readonly Random _random;
    private readonly VirtualTime _time = new(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly (ILogStore Logs, IRecordStore Records, IBlobStore Blobs) _stores;
    private readonly FakeOrchestrations _orchestrations = new();
    private readonly RunIndexLog _entries;
    private readonly RunStore _indexed;
    private readonly RunStore _old;
    private readonly List<RunIndexRepair> _repairs = [];
    private readonly Dictionary<string, int> _turns = new(StringComparer.Ordinal);
    private RunIndex _index = null!;
    private RunIndexRepair _repair = null!;
    private RunReader _reader = null!;
    private int _runs;

    public RunStory(int seed, (ILogStore Logs, IRecordStore Records, IBlobStore Blobs) stores)
    {
        (_random, _stores) = (new Random(seed), stores);
        _entries = new RunIndexLog(stores.Logs, _time, NullLogger<RunIndexLog>.Instance);
        _indexed = new RunStore(stores.Records, stores.Blobs) { Index = _entries };
        _old = new RunStore(stores.Records, stores.Blobs);
        Connect();
    }

    /// <summary>Some runs are there from before the index.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        for (int number = 0; number < 10; number++)
        {
            string id = NewId();
            await _old.AddAsync(Record(id), cancellationToken);
            Set(id, number % 3 == 0 ? OrchestrationStatus.Completed : OrchestrationStatus.Running);
        }

        await EnsureTrueListsAsync("before the index", cancellationToken);
    }

    public async Task StepAsync(CancellationToken cancellationToken)
    {
        string[] live = [.. Where(static state => !state.IsEnded)];
        string[] ended = [.. Where(static state => state.IsEnded)];
        switch (_random.Next(8))
        {
            case 0 or 1:
                await AdmitAsync(_random.Next(3) == 0 && live.Length > 0 ? Pick(live) : null, cancellationToken);
                break;
            case 2 when live.Length > 0:
                await MoveAsync(Pick(live), cancellationToken);
                break;
            case 3 when live.Length > 0:
                await EndAsync(Pick(live), cancellationToken);
                break;
            case 4 when live.Length > 0:
                Set(Pick(live), _random.Next(2) == 0 ? OrchestrationStatus.Terminated : OrchestrationStatus.Failed);
                break;
            case 5 when ended.Length > 0:
                await ResumeAsync(Pick(ended), cancellationToken);
                break;
            case 6:
                _time.Advance(TimeSpan.FromMinutes(_random.Next(60)));
                break;
            default:
                // Another process.
                Connect();
                break;
        }
    }

    /// <summary>Compares lists with what the orchestrations say.</summary>
    public async Task EnsureTrueListsAsync(string when, CancellationToken cancellationToken)
    {
        foreach (RunStatus? status in (RunStatus?[])[null, RunStatus.Running, RunStatus.Completed, RunStatus.Failed,
            RunStatus.Cancelled])
        {
            var filter = new RunFilter { Status = status, SubAgents = true };
            (string, RunStatus)[] listed = [.. await _reader.ListAsync(filter, cancellationToken)
                .Select(static run => (run.Id, run.Status)).ToListAsync(cancellationToken)];
            (string, RunStatus)[] truth =
            [
                .. _orchestrations.States.Values.Select(static state => (state.InstanceId, StatusOf(state)))
                    .Where(run => status is null || run.Item2 == status)
                    .OrderBy(static run => run.InstanceId, StringComparer.Ordinal),
            ];
            Assert.That(listed, Is.EqualTo(truth), $"{when}, {status}");
        }
    }

    /// <summary>
    /// Waits for what makes the index whole, until it is, and for what other processes began for that: they ask orchestrations too.
    /// </summary>
    public async Task RepairAsync(CancellationToken cancellationToken)
    {
        while (!await _index.RefreshAsync(cancellationToken))
        {
            _repair.Observe(false, _reader);
            await _repair.Work;
        }

        await Task.WhenAll(_repairs.Select(static repair => repair.Work));
    }

    /// <summary>An entry becomes unreadable, and another process begins.</summary>
    public async Task DamageAsync(CancellationToken cancellationToken)
    {
        await _stores.Logs.AppendAsync(RunIndexStreams.NameOf(_random.Next(RunIndexStreams.Count)),
            [Encoding.UTF8.GetBytes("{\"k\":\"a\",")], null, cancellationToken);
        await _stores.Records.PutAsync("runs/00bad", Encoding.UTF8.GetBytes("null"), default, cancellationToken);
        Connect();
    }

    /// <summary>
    /// Compares the index itself with what the orchestrations say: a row may be taken for alive, never for ended.
    /// </summary>
    public async Task EnsureIndexIsTrueAsync(CancellationToken cancellationToken)
    {
        Assert.That(await _index.RefreshAsync(cancellationToken), Is.True);
        foreach (OrchestrationState state in _orchestrations.States.Values)
        {
            Assert.That(_index.Rows.Find(state.InstanceId)?.HasEnded(_time.GetUtcNow()), Is.EqualTo(state.IsEnded),
                state.InstanceId);
        }

        int asked = _orchestrations.Asked;
        int count = await _reader.ListAsync(new RunFilter { SubAgents = true }, cancellationToken).CountAsync(cancellationToken);
        Assert.That(count, Is.EqualTo(_orchestrations.States.Count));
        int notEnded = _index.Rows.Where(row => !row.HasEnded(_time.GetUtcNow())).Count;
        Assert.That(_orchestrations.Asked - asked, Is.EqualTo(notEnded), "only those that may be alive are asked about");
    }

    private void Connect()
    {
        _index = new RunIndex(_stores.Logs, _stores.Records, NullLogger<RunIndex>.Instance, 25);
        _repair = new RunIndexRepair(_index, _entries, _old, _time, NullLogger<RunIndexRepair>.Instance);
        _repairs.Add(_repair);
        var view = new RunIndexView(_index, _entries, _repair, _old, _time, NullLogger<RunIndexView>.Instance);
        _reader = new RunReader(
            _old, _orchestrations,
            new RunContents(new Transcript(_stores.Logs), new ArtifactStore(_stores.Records, _stores.Blobs, _time),
                new PlanStore(_stores.Records)), _time,
            new Redactor(), _stores.Records)
        {
            Index = view,
        };
    }

    private async Task AdmitAsync(string? lead, CancellationToken cancellationToken)
    {
        string id = lead is null ? NewId() : $"{lead}.{_random.Next(9)}-{_random.Next(3)}";
        switch (_random.Next(6))
        {
            case 0:
                await _old.AddAsync(Record(id), cancellationToken);
                return;
            case 1:
                await _entries.AdmittedAsync(Record(id), cancellationToken);
                return;
            case 2:
                await _indexed.AddAsync(Record(id), cancellationToken);
                return;
        }

        await _indexed.AddAsync(Record(id), cancellationToken);
        Set(id, OrchestrationStatus.Running);
    }

    private Task MoveAsync(string id, CancellationToken cancellationToken)
    {
        _turns[id]++;
        return _entries.MovedAsync(id, _turns[id], "model.completed", cancellationToken);
    }

    private async Task EndAsync(string id, CancellationToken cancellationToken)
    {
        _turns[id]++;
        await ToldEndAsync(id, cancellationToken);
        switch (_random.Next(4))
        {
            case 0:
                // News came meanwhile.
                await MoveAsync(id, cancellationToken);
                return;
            case 1:
                // The process died. The step is made again a minute later, and then the orchestration ends.
                _time.Advance(TimeSpan.FromMinutes(1));
                await EnsureTrueListsAsync("told twice", cancellationToken);
                await ToldEndAsync(id, cancellationToken);
                break;
        }

        Set(id, OrchestrationStatus.Completed);
    }

    private async Task ResumeAsync(string id, CancellationToken cancellationToken)
    {
        await _entries.ResumingAsync(id, _turns[id], cancellationToken);
        if (_random.Next(4) == 0)
        {
            return;
        }

        Set(id, OrchestrationStatus.Running);
        if (_random.Next(3) == 0)
        {
            // A process that was thought dead tells the end before.
            await ToldEndAsync(id, cancellationToken);
        }
    }

    private Task ToldEndAsync(string id, CancellationToken cancellationToken) => _entries.EndedAsync(
        id, new IndexedEnd { Status = RunStatus.Completed, At = _time.GetUtcNow().UtcTicks, Turns = _turns[id] },
        cancellationToken);

    private void Set(string id, OrchestrationStatus status)
    {
        _turns.TryAdd(id, 0);
        var state = new RunState { Limits = new LoopLimits(10, new Budget { Steps = 9 }, 1_000, 100), Turns = _turns[id] };
        _orchestrations.States[id] = new OrchestrationState(id, AgentLoop.Name, status, _time.GetUtcNow(), _time.GetUtcNow())
        {
            CustomStatus = DurableJson.Serialize(state),
            Output = status == OrchestrationStatus.Completed
                ? DurableJson.Serialize(new RunOutcome(RunStatus.Completed, state))
                : null,
            Failure = status == OrchestrationStatus.Failed ? new FailureDetails("ToolFailed", "It broke.") : null,
        };
    }

    private static RunStatus StatusOf(OrchestrationState state) => state.Status switch
    {
        OrchestrationStatus.Completed => RunStatus.Completed,
        OrchestrationStatus.Failed => RunStatus.Failed,
        OrchestrationStatus.Terminated => RunStatus.Cancelled,
        _ => RunStatus.Running,
    };

    private IEnumerable<string> Where(Func<OrchestrationState, bool> match) =>
        _orchestrations.States.Values.Where(match).Select(static state => state.InstanceId).Order(StringComparer.Ordinal);

    private string Pick(string[] ids) => ids[_random.Next(ids.Length)];

    private string NewId() => string.Create(CultureInfo.InvariantCulture, $"r{1_000 - _runs++}");

    private static RunRecord Record(string id) => RunIndexConformance.Record(id) with
    {
        Parent = ChildName.LeadOf(id),
        Goal = id.Length % 2 == 0 ? "Work." : new string('x', 1_000),
    };
}
