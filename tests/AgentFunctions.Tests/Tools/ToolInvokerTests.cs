using System.Text.Json;
using AgentFunctions.Records;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Tools;

public sealed class ToolInvokerTests
{
    private enum Colour
    {
        Red,
        Green,
    }

    private sealed record Point(int X, string Label);

    private static string Echo(
        string text, int count = 1, double? factor = null, bool loud = false, string[]? items = null, Colour colour = Colour.Red,
        Point? at = null) => $"{text}|{count}|{factor}|{loud}|{string.Join('+', items ?? [])}|{colour}|{at}";

    private static ToolBench Bench(Delegate method, TimeSpan? timeout = null, int limit = 20_000,
        ToolEffect effect = ToolEffect.None)
    {
        var bench = new ToolBench();
        bench.Tools.Add(new AgentTool(AgentTool.CreateFunction("probe", "d", method), effect)
        {
            Timeout = timeout ?? TimeSpan.FromMinutes(1),
            ResultLimit = limit,
        });
        return bench;
    }

    [TestCase("""{"text":"a"}""", "a|1||False||Red|")]
    [TestCase("""{"text":"a","count":3,"factor":1.5,"loud":true,"items":["x","y"],"colour":"Green","at":{"x":1,"label":"l"}}""",
        "a|3|1.5|True|x+y|Green|Point { X = 1, Label = l }")]
    [TestCase("""{"text":"a","count":null,"factor":null,"items":null}""", "a|1||False||Red|")]
    [TestCase("""{"text":"a","count":"7","factor":"2.5"}""", "a|7|2.5|False||Red|")]
    [TestCase("""{"text":"a","unknown":1}""", "a|1||False||Red|")]
    public async Task Invoke_ArgumentsOfTheSchema_ReachTheTool(string json, string expected)
    {
        using ToolBench bench = Bench(Echo);
        ToolOutcome outcome = await bench.InvokeAsync("probe", JsonElement.Parse(json));
        Assert.That(outcome, Is.EqualTo(new ToolOutcome(expected)));
    }

    [TestCase("{}", "text is required")]
    [TestCase("""{"text":null}""", "text is required")]
    [TestCase("""{"text":5}""", "text must be a string, not a number")]
    [TestCase("""{"text":"a","count":1.5}""", "count must be an integer")]
    [TestCase("""{"text":"a","count":"many"}""", "count must be an integer")]
    [TestCase("""{"text":"a","loud":"yes"}""", "loud must be a boolean")]
    [TestCase("""{"text":"a","items":"x"}""", "items must be an array")]
    [TestCase("""{"text":"a","items":["x",2]}""", "items[1] must be a string")]
    [TestCase("""{"text":"a","colour":"Blue"}""", "colour must be one of \"Red\", \"Green\"")]
    [TestCase("""{"text":"a","at":{"x":"one","label":"l"}}""", "at.x must be an integer")]
    [TestCase("""{"text":"a","at":{"x":1}}""", "at.label is required")]
    // The serializer ignores case, and no rule would see it.
    [TestCase("""{"text":"a","at":{"x":1,"label":"l","X":500}}""", "at.X is not known; use x")]
    [TestCase("""{"text":"a","Text":"b"}""", "Text is not known; use text")]
    public async Task Invoke_ArgumentsBreakTheSchema_NamesTheFieldAndNeverCallsTheTool(string json, string words)
    {
        bool called = false;
        using ToolBench bench =
            Bench((string text, int count = 1, double? factor = null, bool loud = false, string[]? items = null,
                Colour colour = Colour.Red, Point? at = null) => called = true);
        ToolOutcome outcome = await bench.InvokeAsync("probe", JsonElement.Parse(json));
        Assert.That((outcome.Code, called), Is.EqualTo(((ErrorCode?)ErrorCode.ToolArgumentsInvalid, false)), outcome.Text);
        Assert.That(outcome.Text, Does.StartWith("Error: probe: ").And.Contain(words));
    }

    [Test]
    public async Task Invoke_ArgumentsThatAreNoJson_ShowsWhatWasSent()
    {
        using ToolBench bench = Bench(Echo);
        var call = new FunctionCallContent("1", "probe")
        {
            AdditionalProperties = new() { [ModelConventions.InvalidArguments] = "{\"text\": \"a" },
        };
        ToolOutcome outcome = await bench.InvokeAsync(call);
        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(outcome.Text, Does.Contain("no valid JSON").And.Contain("{\"text\": \"a"));
    }

    [Test]
    public async Task Invoke_HalfASurrogatePair_IsAnErrorNotACrash()
    {
        using ToolBench bench = Bench(Echo);
        var call = new FunctionCallContent("1", "probe",
            JsonElement.Parse("""{"text":"\ud800","count":"\ud800"}""").EnumerateObject()
            .ToDictionary(p => p.Name, p => (object?)p.Value));
        ToolOutcome outcome = await bench.InvokeAsync(call);
        Assert.That(outcome.IsError, Is.True);
    }

    [Test]
    public async Task Invoke_NoSuchTool_IsAnError()
    {
        using ToolBench bench = Bench(Echo);
        ToolOutcome outcome = await bench.InvokeAsync("nothing");
        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolNotFound));
        Assert.That(outcome.Text, Does.Contain("edit_file, list_files"));
    }

    [Test]
    public async Task Invoke_TheToolThrows_TellsTheModel()
    {
        using ToolBench own = Bench(string () => throw new AgentException(ErrorCode.PathOutsideWorkspace, "no way"));
        Assert.That(await own.InvokeAsync("probe"),
            Is.EqualTo(new ToolOutcome("Error: no way", true, ErrorCode.PathOutsideWorkspace)));
        using ToolBench other = Bench(async Task<string> () =>
        {
            await Task.Yield();
            throw new InvalidDataException("bad");
        });
        Assert.That(await other.InvokeAsync("probe"),
            Is.EqualTo(new ToolOutcome("Error: InvalidDataException: bad", true, ErrorCode.ToolFailed)));
        using ToolBench gaveUp = Bench(string () => throw new TaskCanceledException("its own time-out"));
        Assert.That((await gaveUp.InvokeAsync("probe")).Code, Is.EqualTo(ErrorCode.ToolFailed));
    }

    [Test]
    public async Task Invoke_EveryKindOfResult_BecomesText()
    {
        async Task<string> ResultOf(Delegate method)
        {
            using ToolBench bench = Bench(method);
            return (await bench.InvokeAsync("probe")).Text;
        }

        Assert.That(await ResultOf(() => "text"), Is.EqualTo("text"));
        Assert.That(await ResultOf(() => new Point(1, "ä")), Is.EqualTo("""{"x":1,"label":"ä"}"""));
        Assert.That(await ResultOf(() => new[] { 1, 2 }), Is.EqualTo("[1,2]"));
        Assert.That(await ResultOf(() => { }), Is.EqualTo("(done)"));
        Assert.That(await ResultOf(() => Task.FromResult<string?>(null)), Is.EqualTo("(done)"));
        Assert.That(await ResultOf(() => JsonElement.Parse("{\"a\": 1}")), Is.EqualTo("{\"a\": 1}"));
        Assert.That(await ResultOf(() => new List<AIContent> { new TextContent("a"), new TextContent("b") }), Is.EqualTo("a\nb"));
    }

    [Test]
    public async Task Invoke_AResultBeyondTheLimit_BecomesAnArtifactWithAPreview()
    {
        string whole = string.Concat(Enumerable.Range(0, 1_000).Select(i => $"{i:D4}\n")) + "😀";
        using ToolBench bench = Bench(() => whole, limit: 100);

        ToolOutcome outcome = await bench.InvokeAsync("probe");

        Assert.That(outcome.Artifact, Is.EqualTo("t1-c0-probe.txt"));
        Assert.That(outcome.Text,
            Does.StartWith("0000\n").And.Contain("😀\n[").And.Contain("t1-c0-probe.txt").And.Contain("5002 characters"));
        Assert.That(outcome.Text, Has.Length.LessThan(400));
        Artifact artifact = (await bench.Artifacts.ListAsync("run-1")).Single();
        Assert.That(bench.Stores.Text(artifact.Hash), Is.EqualTo(whole));
    }

    [Test]
    public async Task Invoke_TheArtifactCannotBeKept_StillTellsThatTheToolDidItsWork()
    {
        using ToolBench bench = Bench(() => new string('x', 500), limit: 100);
        bench.Stores.Broken = true;
        ToolOutcome outcome = await bench.InvokeAsync("probe");
        Assert.That((outcome.IsError, outcome.Artifact), Is.EqualTo((false, (string?)null)));
        Assert.That(outcome.Text, Does.Contain("could not be kept"));
    }

    [TestCase(ToolEffect.None, false)]
    [TestCase(ToolEffect.NotIdempotent, true)]
    [CancelAfter(300_000)]
    public async Task Invoke_TheToolTakesTooLong_IsStopped(ToolEffect effect, bool warns)
    {
        using ToolBench bench = Bench(async (CancellationToken ct) => await Task.Delay(Timeout.Infinite, ct),
            TimeSpan.FromMilliseconds(50), effect: effect);
        ToolOutcome outcome = await bench.InvokeAsync("probe");
        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolTimeout));
        Assert.That(outcome.Text, Does.Contain("0.05 seconds"));
        Assert.That(outcome.Text.Contains("not known", StringComparison.Ordinal), Is.EqualTo(warns));
    }

    [Test, CancelAfter(300_000)]
    public async Task Invoke_AToolThatBlocksItsThreadAndHearsNothing_IsGivenUp()
    {
        using var release = new ManualResetEventSlim();
        using ToolBench bench = Bench(() => release.Wait(CancellationToken.None), TimeSpan.FromMilliseconds(50));
        ToolOutcome outcome = await bench.InvokeAsync("probe");
        release.Set();
        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolTimeout));
    }

    [Test, CancelAfter(300_000)]
    public async Task Invoke_AToolThatFinishesThoughToldToStop_KeepsItsResult()
    {
        using ToolBench bench = Bench(
            async (CancellationToken ct) =>
            {
                var told = new TaskCompletionSource();
                await using (ct.Register(told.SetResult))
                {
                    await told.Task;
                }

                return "done all the same";
            },
            TimeSpan.FromMilliseconds(50));
        Assert.That((await bench.InvokeAsync("probe")).Text, Is.EqualTo("done all the same"));
    }

    [Test, CancelAfter(300_000)]
    public async Task Invoke_TheRunIsCancelled_Throws(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource();
        using ToolBench bench = Bench(async (CancellationToken ct) =>
        {
            started.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<ToolOutcome> running = bench.InvokeAsync("probe", cancellationToken: stop.Token);
        await started.Task.WaitAsync(cancellationToken);
        await stop.CancelAsync();
        OperationCanceledException error = Assert.ThrowsAsync<OperationCanceledException>(async () => await running)!;
        Assert.That(error.CancellationToken, Is.EqualTo(stop.Token));
    }

    [Test]
    public async Task Reconcile_TheProbeFails_NobodyCanSay()
    {
        using ToolBench bench = Bench(() => "x");
        bench.Tools.Add(new AgentTool(AgentTool.CreateFunction("broken", "d", () => "x"), ToolEffect.NotIdempotent)
        {
            Reconcile = static (_, _, _) => throw new IOException(),
        });
        Assert.That((await bench.ReconcileAsync("probe")).Verdict, Is.EqualTo(ReconciliationVerdict.Unknown));
        Assert.That((await bench.ReconcileAsync("broken")).Verdict, Is.EqualTo(ReconciliationVerdict.Unknown));
    }

    [Test]
    public async Task Invoke_ARunWithoutWorkspace_SaysSo()
    {
        using var bench = new ToolBench();
        ToolOutcome outcome = await bench.Invoker.InvokeAsync(
            bench.Tools, ToolBench.Call("list_files"), bench.Context() with { Workspace = null });
        Assert.That(outcome.Text, Does.StartWith("Error: workspace: this run has none"));
    }

    [Test]
    public void CreateFunction_ParametersOfTheHost_AreHiddenFromTheModel()
    {
        AIFunction function = AgentTool.CreateFunction(
            "f", "d", (ToolContext context, IServiceProvider services, [System.ComponentModel.Description("what")] string text,
                CancellationToken ct) => text);
        Assert.That(function.JsonSchema.GetProperty("properties").EnumerateObject().Select(p => p.Name),
            Is.EqualTo(new[] { "text" }));
    }
}
