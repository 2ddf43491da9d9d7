using AgentFunctions.Budgets;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Budgets;

[CancelAfter(300_000)]
internal sealed class BudgetRunTests
{
    private static readonly (string, string)[] Price =
        [("Models:test:Price:Input", "2.50"), ("Models:test:Price:Output", "10"), ("Models:test:Price:CachedInput", "0.25")];

    private static readonly AgentTool Echo = AgentTool.Create("echo", "Repeats a text.", ToolEffect.None, (string text) => text);

    [Test]
    public async Task Run_PriceInTheConfiguration_CountsTheMoney()
    {
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Say("done") with { Usage = new(1_000_000, 100_000, 400_000) }, null, null, Price);

        Run run = await host.RunAsync();

        Assert.That(run.Usage.Usd, Is.EqualTo((0.6m * 2.5m) + (0.4m * 0.25m) + 1m));
    }

    [Test]
    public async Task Run_MoneyRunsOut_GivesOneClosingTurnAndThePartialResult()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Tools.Count == 0
                ? ChatReply.Say("Half of it is done.") with { Usage = new(4_000, 100) }
                : ChatReply.Call("echo", new { text = "x" }) with { Usage = new(4_000, 100) },
            [Echo], null, Price);

        Run run = await host.RunAsync(request: new() { Budget = new Budget { Usd = 0.3m } });

        Assert.That((run.Status, run.Error?.Code, run.Result?.Text),
            Is.EqualTo((RunStatus.BudgetExhausted, "SpendLimitReached", "Half of it is done.")));
        Assert.That(run.Usage.Usd, Is.LessThanOrEqualTo(0.3m).And.GreaterThan(0.2m));
        Assert.That(host.Model.Requests[^1].Body.GetRawText(), Does.Contain("this is your last message"));
        Assert.That(host.Model.Requests.Any(request => request.Body.GetRawText()
            .Contains("running low", StringComparison.Ordinal)), "told what is left before");
    }

    [Test]
    public async Task Submit_MoneyForAModelWithoutAPrice_IsRefusedWithTheFieldToSet()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));

        Assert.That(
            async () => await host.SubmitAsync(request: new() { Budget = new Budget { Usd = 1 } }),
            Throws.TypeOf<AgentException>().With.Message.Contains("Models:test:Price:Input"));
    }

    [TestCase("Models:test:Price:Inputs", "1", "Models:test:Price:Inputs")]
    [TestCase("Models:test:Price:Input", "1", "Models:test:Price:Output")]
    [TestCase("Models:test:BytesPerToken", "40", "Models:test:BytesPerToken")]
    public void Start_PriceOrEstimateIsWrong_NamesTheField(string key, string value, string field) => Assert.That(
        async () => await RunHost.StartAsync(_ => ChatReply.Say("done"), null, null, (key, value)),
        Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput).And.Message.Contains(field));

    [Test]
    public async Task Run_AnswerCutOffInTheMiddle_CountsTheLostCallAtItsWorstWhereTheBudgetIsLimited()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Index == 0
                ? ChatReply.Say("The answer is long enough for several chunks.") with { EndAfterChunks = 2 }
                : ChatReply.Say("done") with { Usage = new(500, 5) },
            null, null, ("Models:test:MaxOutputTokens", "1000"));

        Run run = await host.RunAsync(request: new() { Budget = new Budget { Tokens = 100_000 } });

        Assert.That((run.Status, run.Steps, run.Turns), Is.EqualTo((RunStatus.Completed, 2, 1)),
            $"{host.Model.Count}: {run.Result?.Text}");
        Assert.That(run.Usage.OutputTokens, Is.EqualTo(1_005), "the lost answer at its bound");
        Assert.That((await host.JournalAsync(run.Id)).Count(e => e.Type == "model.lost"), Is.EqualTo(1));
    }

    [Test]
    public async Task Run_ProviderSaysNothingOfUsage_CountsAnEstimate()
    {
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Say(new string('x', 3_000)) with { Usage = null! });

        Run run = await host.RunAsync(new string('g', 6_000));

        // A token is taken for three bytes, of the messages as they are kept, which differ a little from those that are sent.
        Assert.That(run.Usage.InputTokens, Is.InRange(2_000, host.Model.Requests[0].Body.GetRawText().Length / 2));
        Assert.That(run.Usage.OutputTokens, Is.InRange(1_000, 1_100));
    }
}
