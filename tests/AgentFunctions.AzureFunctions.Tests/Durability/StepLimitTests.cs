using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.DurableTask.Activities;
using AgentFunctions.DurableTask.Payloads;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AzureFunctions.Tests.Durability;

[CancelAfter(1_800_000)]
public sealed class StepLimitTests
{
    [TestCase("""{ "functionTimeout": "00:00:00.2" }""", null, true)]
    [TestCase("""{ "functionTimeout": "00:00:00.2" }""", "00:30:00", false)]
    [TestCase("""{ "functionTimeout": "00:30:00" }""", "00:00:00.2", true)]
    [TestCase("""{ "functionTimeout": "-1" }""", null, false)]
    public async Task Step_LongerThanTheFunctionTimeout_IsEndedBeforeAndMayBeRepeated(string host, string? setting, bool isEnded)
    {
        using var folder = new TemporaryFolder();
        folder.Write("host.json", host);
        IConfiguration settings =
            new ConfigurationBuilder().AddInMemoryCollection([new("AzureFunctionsJobHost:functionTimeout", setting)]).Build();
        var enough = new TaskCompletionSource<string?>();
        var registry = new DurableRegistry();
        registry.AddActivity<int, string?>("long", (context, _) => enough.Task.WaitAsync(context.CancellationToken));
        var runner = new DurableTaskRunner(
            registry, Options.Create(new DurableTaskEngineOptions { StepTimeout = FunctionTimeout.Read(settings, folder.Path) }),
            TimeProvider.System);

        Task step = runner.RunActivityAsync("1", "long", null, CancellationToken.None);
        if (!isEnded)
        {
            enough.SetResult("done");
            await step;
            return;
        }

        DurableFailure failure = Assert.ThrowsAsync<DurableFailure>(() => step)!;
        Assert.That(failure.Message, Does.Contain("functionTimeout").And.Contain(nameof(ErrorCode.EngineUnavailable)));
    }

    [TestCase("{}", null, 27)]
    [TestCase(null, null, 27)]
    [TestCase("{}", "Dynamic", 4.5)]
    [TestCase("""{ "functionTimeout": "00:10:00" }""", "Dynamic", 9)]
    public void Read_HostSaysNothing_IsTheDefaultOfItsPlan(string? host, string? sku, double minutes)
    {
        using var folder = new TemporaryFolder();
        if (host is not null)
        {
            folder.Write("host.json", host);
        }

        IConfiguration settings = new ConfigurationBuilder().AddInMemoryCollection([new("WEBSITE_SKU", sku)]).Build();

        Assert.That(FunctionTimeout.Read(settings, folder.Path), Is.EqualTo(TimeSpan.FromMinutes(minutes)));
    }

    [Test]
    public void Step_HostStops_IsCancelledAsSuch()
    {
        var limit = new StepLimit(TimeSpan.FromMinutes(30), TimeProvider.System);
        using var stop = new CancellationTokenSource();

        Task<int> step = limit.RunAsync("step", static async (token, _) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return 0;
        }, stop.Token);
        stop.Cancel();

        Assert.That(() => step, Throws.InstanceOf<OperationCanceledException>());
    }
}
