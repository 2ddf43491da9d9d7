using System.Globalization;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Hosting;
using AgentFunctions.Models;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Tests.Budgets;

/// <summary>
/// No budget is passed by a single unit, as the provider counts, in random runs whose host dies again and again.
/// </summary>
/// <remarks>The long form: <c>AGENTFUNCTIONS_BUDGET_RUNS=1000</c>.</remarks>
[CancelAfter(600_000)]
internal sealed class BudgetPropertyTests
{
    private const int Batch = 100;
    private const int CrashesPerBatch = 6;

    private static readonly int Runs = int.Parse(Environment.GetEnvironmentVariable("AGENTFUNCTIONS_BUDGET_RUNS") ?? "300",
        CultureInfo.InvariantCulture);
    private static readonly ModelPrice Price = new(3, 15, 0.3m);

    [Test]
    public async Task Runs_WithRandomBudgetsAndCrashes_NeverPassAnyByAUnit()
    {
        var random = new Random(20_260_101);
        int lost = 0, exhausted = 0, completed = 0, compacted = 0;
        for (int batch = 0; batch < Runs / Batch; batch++)
        {
            using var folder = new TemporaryFolder();
            var model = new MeteredModel(Price);
            var budgets = new Dictionary<string, (int Number, Budget Budget)>();
            for (int life = 0; life <= CrashesPerBatch; life++)
            {
                bool last = life == CrashesPerBatch;
                var crash = new CrashPoint(random);
                using IHost host = await StartAsync(folder.Path, model, crash);
                for (int i = 0; life == 0 && i < Batch; i++)
                {
                    (int number, Budget budget) = ((batch * Batch) + i, RandomBudget(random));
                    Run run = await host.Services.GetRequiredService<AgentGateway>()
                        .SubmitAsync(new RunRequest { Goal = $"Reach the goal of run-{number}.", Budget = budget });
                    budgets.Add(run.Id, (number, budget));
                }

                if (last)
                {
                    foreach ((string id, (int number, Budget budget)) in budgets)
                    {
                        Run run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(id);
                        MeteredModel.Bill bill = model.BillOf(number);
                        string what = $"run {number} with {budget}: {run.Status} {run.Error}; billed {bill.Calls} calls and {bill.Usage}; counted {run.Steps} and {run.Usage}";
                        Assert.That(run.Steps, Is.LessThanOrEqualTo(budget.Steps ?? int.MaxValue), what);
                        Assert.That(bill.Calls, Is.LessThanOrEqualTo(budget.Steps ?? int.MaxValue), what);
                        Assert.That(bill.Usage.InputTokens + bill.Usage.OutputTokens,
                            Is.LessThanOrEqualTo(budget.Tokens ?? long.MaxValue), what);
                        Assert.That(bill.Usage.Usd, Is.LessThanOrEqualTo(budget.Usd ?? decimal.MaxValue), what);
                        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed).Or.EqualTo(RunStatus.BudgetExhausted), what);
                        exhausted += run.Status == RunStatus.BudgetExhausted ? 1 : 0;
                        completed += run.Status == RunStatus.Completed ? 1 : 0;
                        await foreach ((_, JournalEvent happened) in host.Services.GetRequiredService<Journal>().ReadAsync(id))
                        {
                            lost += happened.Type == JournalEventTypes.ModelLost ? 1 : 0;
                            compacted += happened.Type == JournalEventTypes.ContextCompacted ? 1 : 0;
                        }
                    }
                }
                else
                {
                    crash.Arm(random.Next(50, 1_200));
                    Task ended = Task.WhenAll(budgets.Keys.Select(id => host.Services.GetRequiredService<RunReader>()
                        .WaitForEndAsync(id)));
                    await Task.WhenAny(crash.Dead, ended);
                }

                await host.StopAsync();
            }
        }

        TestContext.Out.WriteLine($"{completed} completed, {exhausted} exhausted, {lost} calls lost, {compacted} compactions");
        Assert.That(
            (completed > Runs / 20, exhausted > Runs * 3 / 10, lost > Runs / 100, compacted > Runs / 10),
            Is.EqualTo((true, true, true, true)),
            "the runs differ enough");
    }

    private static Budget RandomBudget(Random random) => random.Next(4) switch
    {
        0 => new Budget { Steps = random.Next(1, 25) },
        1 => new Budget { Tokens = random.Next(2_000, 120_000) },
        2 => new Budget { Usd = random.Next(100, 40_000) / 100_000m },
        _ => new Budget
        {
            Steps = random.Next(5, 40),
            Tokens = random.Next(5_000, 150_000),
            Usd = random.Next(1_000, 50_000) / 100_000m
        },
    };

    private static async Task<IHost> StartAsync(string folder, MeteredModel model, CrashPoint crash)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        // A process that has died waits for nothing.
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        builder.Services.AddSingleton<ILogStore>(services => new CrashingLogs(services.GetRequiredService<SqliteEngine>().Logs,
            crash));
        builder.Services.AddSingleton<IRecordStore>(services => new CrashingRecords(services.GetRequiredService<SqliteEngine>().Records, crash));
        builder.Services.AddAgentModel(_ => new ModelBinding(
            "metered", "metered",
            new ModelProfile
            {
                Provider = "test",
                ContextWindow = 9_000,
                MaxOutputTokens = 700,
                Streaming = false,
                Price = Price
            }, model));
        builder.Services
            .AddAgentFunctions(new ConfigurationBuilder().Build())
            .AddOpenAIModels(new ConfigurationBuilder().Build()).AddMcpServers().AddMonitors()
            .AddSqliteEngine(options => options.DataFile = Path.Combine(folder, "runs.db"));
        builder.Services.AddAgent(Agent.Create("worker").WithInstructions("Work.").Build());
        builder.Services.AddTool(AgentTool.Create("make", "Makes text.", ToolEffect.None, (int count) => new string('ü', count)));
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
