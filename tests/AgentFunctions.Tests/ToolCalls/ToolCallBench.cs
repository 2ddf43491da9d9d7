using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.ToolCalls;

/// <summary>
/// The services of a host with a run whose model has asked for one tool call, in a time that the test moves; nothing of it runs
/// by itself.
/// </summary>
internal sealed class ToolCallBench : IAsyncDisposable
{
    public const string RunId = "0tcb0000000000000000000001";

    private readonly TemporaryFolder _folder = new();
    private readonly IHost _host;

    private ToolCallBench(string? policy, IEnumerable<AgentTool> tools, IEnumerable<(string Key, string Value)> settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        var all = settings.ToDictionary(static setting => setting.Key, static setting => (string?)setting.Value);
        if (policy is not null)
        {
            all["Governance:PolicyPath"] = _folder.Write("policy.yaml", policy);
        }

        builder.Configuration.AddInMemoryCollection(all);
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddAgentFunctions(builder.Configuration).AddOpenAIModels(builder.Configuration).AddMcpServers()
            .AddMonitors().AddSqliteEngine(static options => options.DataFile = SqliteEngineOptions.InMemory);
        foreach (AgentTool tool in tools)
        {
            builder.Services.AddTool(tool);
        }

        _host = builder.Build();
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 5, 6, 12, 0, 0, TimeSpan.Zero));

    public CallToolInput Input { get; init; } = new(RunId, 1, 0, new ContextRef());

    public static async Task<ToolCallBench> StartAsync(
        string? policy, IReadOnlyList<AgentTool> tools, string called, object arguments, CallToolInput? input = null,
        AgentTool? pinned = null, params IEnumerable<(string Key, string Value)> settings)
    {
        var bench = new ToolCallBench(policy, tools, settings)
        {
            Input = input ?? new CallToolInput(RunId, 1, 0, new ContextRef()),
        };
        await bench.Get<SqliteEngine>().StartAsync();
        // The limit that earlier versions gave every agent: the hash of the recorded definition has it.
        AgentDefinition agent = Agent.Create("worker").WithInstructions("Work.").WithMaxTurns(200).Build();
        RunStore runs = bench.Get<RunStore>();
        RunTools pins = bench.Get<RunTools>();
        await runs.AddAsync(new RunRecord
        {
            Id = RunId,
            Agent = agent.Name,
            DefinitionHash = await runs.PutDefinitionAsync(agent),
            ToolsHash = await pins.PinAsync(pinned is null ? await pins.SelectAsync(agent) : [ToolDeclaration.Of(pinned)]),
            Model = "test",
            Goal = "Reach the goal.",
            Labels = new Dictionary<string, string> { ["team"] = "red" },
            Requester = "anna",
            CreatedAt = bench.Time.GetUtcNow(),
        });
        var call = new FunctionCallContent("c1", called,
            JsonSerializer.Deserialize<Dictionary<string, object?>>(JsonSerializer.Serialize(arguments)));
        Transcript transcript = bench.Get<Transcript>();
        TranscriptWindow window = await transcript.ReadWindowAsync(RunId, new ContextRef());
        await transcript.AppendAsync(
            RunId, window,
            [
                new TranscriptEntry(0, new ChatMessage(ChatRole.User, "Reach the goal."), bench.Time.GetUtcNow()),
                new TranscriptEntry(1, new ChatMessage(ChatRole.Assistant, [call]), bench.Time.GetUtcNow()),
            ]);
        return bench;
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Makes a service of its own, with these in place of the host's.</summary>
    public T Make<T>(params object[] given) => ActivatorUtilities.CreateInstance<T>(_host.Services, given);

    public IToolCallStep Step(Type step) => (IToolCallStep)_host.Services.GetRequiredService(step);

    public T Get<T>(string key)
        where T : notnull => _host.Services.GetRequiredKeyedService<T>(key);

    /// <summary>What the steps up to a step would have found out about the call.</summary>
    public async Task<ToolCallState> ResolvedAsync()
    {
        var state = new ToolCallState(Input) { Known = await LedgerAsync() };
        await Get<ResolveStep>().RunAsync(state, new FakeNext().RunAsync, CancellationToken.None);
        return state;
    }

    /// <summary>The same for a call that may be made.</summary>
    public async Task<ToolCallState> AllowedAsync()
    {
        ToolCallState state = await ResolvedAsync();
        await Get<PolicyStep>().RunAsync(state, new FakeNext().RunAsync, CancellationToken.None);
        return state;
    }

    /// <summary>Takes a call through one step.</summary>
    public Task<CallOutcome> PassAsync<TStep>(ToolCallState state, FakeNext next, CancellationToken cancellationToken = default)
        where TStep : IToolCallStep => Get<TStep>().RunAsync(state, next.RunAsync, cancellationToken);

    public string Write(string name, string text) => _folder.Write(name, text);

    public Task LeaveAsync(LedgerEntry entry) => Get<CallLedger>().WriteAsync(RunId, Input.Turn, Input.Call, entry);

    public Task<LedgerEntry?> LedgerAsync() => Get<CallLedger>().FindAsync(RunId, Input.Turn, Input.Call);

    public async Task<List<AuditEntry>> AuditAsync()
    {
        var entries = new List<AuditEntry>();
        await foreach (AuditEntry entry in Get<AuditLog>().ReadAsync())
        {
            entries.Add(entry);
        }

        return entries;
    }

    public async Task<List<JournalEvent>> JournalAsync()
    {
        var events = new List<JournalEvent>();
        await foreach ((_, JournalEvent happened) in Get<Journal>().ReadAsync(RunId))
        {
            events.Add(happened);
        }

        return events;
    }

    /// <summary>Has the people who are asked decide.</summary>
    public async Task DecideAsync(bool approve, JsonElement? edited = null)
    {
        foreach (Approval open in await Get<ApprovalStore>().ListOpenAsync(RunId, CancellationToken.None))
        {
            await Get<ApprovalStore>().ChangeAsync(
                open.Id,
                before => before with
                {
                    State = approve ? ApprovalState.Approved : ApprovalState.Denied,
                    Votes = [new ApprovalVote("lee", approve, approve ? null : "not today", Time.GetUtcNow())],
                    Edited = edited,
                },
                CancellationToken.None);
        }
    }

    /// <summary>
    /// All that calls leave, byte for byte but for what chance makes: who delivered, signatures, and which policy held.
    /// </summary>
    public async Task<string> DumpAsync()
    {
        var lines = new List<string>();
        await foreach (StoredRecord record in Get<IRecordStore>().ListAsync(""))
        {
            if (!record.Key.StartsWith("runs/", StringComparison.Ordinal)
                && !record.Key.Contains("key", StringComparison.OrdinalIgnoreCase))
            {
                lines.Add($"{record.Key}: {WithoutChance(record.Value)}");
            }
        }

        foreach (string stream in new[] { Journal.StreamOf(RunId), $"history/{RunId}", AuditLog.Stream })
        {
            await AddAsync(stream, stream);
        }

        // Which shard it is does not matter here.
        foreach (string shard in AuditShards.OfRun(RunId))
        {
            await AddAsync(AuditShards.StreamOf(shard), AuditLog.Stream);
        }

        async Task AddAsync(string stream, string name)
        {
            var seal = new AuditSeal(Get<TreeKeys>(), null);
            await foreach (LogEntry entry in Get<ILogStore>().ReadAsync(stream))
            {
                // With its words, as whoever reads through the host gets them.
                byte[] data = entry.Data.ToArray();
                if (name == AuditLog.Stream)
                {
                    byte[] opened = AuditLine.Write(await seal.OpenAsync(AuditLine.Read(data), default), null);
                    data = [.. opened, .. data[AuditLine.Split(data).Json.Length..]];
                }

                lines.Add($"{name}/{entry.Position}: {WithoutChance(data)}");
            }
        }

        return string.Join('\n', lines);
    }

    public async ValueTask DisposeAsync()
    {
        await Get<SqliteEngine>().StopAsync();
        _host.Dispose();
        _folder.Dispose();
    }

    private static string WithoutChance(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty || json.Span[0] is not ((byte)'{' or (byte)'['))
        {
            return System.Text.Encoding.UTF8.GetString(json.Span);
        }

        if (json.Span.IndexOf((byte)'\n') is var end and >= 0)
        {
            return $"{WithoutChance(json[..end])}\n{WithoutChance(json[(end + 1)..])}";
        }

        JsonNode node = JsonNode.Parse(json.Span)!;
        Remove(node, "delivery", "prev", "sig", "kid", "seal", "policyHash", "shard");
        return node.ToJsonString();
    }

    private static void Remove(JsonNode? node, params string[] names)
    {
        if (node is JsonObject known)
        {
            foreach (string name in names)
            {
                known.Remove(name);
            }

            foreach ((_, JsonNode? member) in known)
            {
                Remove(member, names);
            }
        }
    }
}
