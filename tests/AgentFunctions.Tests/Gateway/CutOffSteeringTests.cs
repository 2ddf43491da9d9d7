using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Gateway;

/// <summary>
/// A keyed message or grant that a crash cut off somewhere between its claim and its effect is completed once by its repetition.
/// </summary>
[CancelAfter(300_000)]
internal sealed class CutOffSteeringTests
{
    private const string Key = "k";

    private static readonly Caller Anna = new("key:anna") { Roles = [CallerRoles.Submitter] };
    private static readonly AgentTool Echo = AgentTool.Create("echo", "Repeats a text.", ToolEffect.None, (string text) => text);

    public enum Cut
    {
        AfterTheClaim,
        AfterTheRecord,
        AfterTheEvent,
    }

    [Test]
    public async Task Message_CutOff_IsShownOnce([Values] Cut cut)
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));
        Run run = await host.Reader.WaitForEndAsync((await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go." }, Anna)).Id);
        string token = await ClaimAsync(host, run.Id, "message", run.Id, "Go on.");
        if (cut >= Cut.AfterTheRecord)
        {
            await host.Get<Inbox>().AddAsync(run.Id, new InboxMessage("Go on.", Anna.Id, DateTimeOffset.UtcNow) { Key = token });
        }

        if (cut >= Cut.AfterTheEvent)
        {
            await host.Get<RunCommands>().CommandAsync(run.Id, new RunCommand(Anna.Id) { Inbox = 1, InboxBytes = 300 }, default);
            await host.Reader.WaitForEndAsync(run.Id);
        }

        await host.Steering.SendAsync(run.Id, "Go on.", Anna, Key);
        await host.Reader.WaitForEndAsync(run.Id);
        await host.Steering.SendAsync(run.Id, "Go on.", Anna, Key);
        await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((await host.TranscriptAsync(run.Id)).Count(static entry => entry.Message.Text == "Go on."), Is.EqualTo(1));
        Assert.That((await host.JournalAsync(run.Id)).Count(static e => e.Type == JournalEventTypes.MessageReceived),
            Is.EqualTo(1));
        Assert.That(host.Model.Requests, Has.Count.EqualTo(2), "one turn more, whatever was cut off");
    }

    [TestCase(Cut.AfterTheClaim)]
    [TestCase(Cut.AfterTheEvent)]
    public async Task Grant_CutOff_IsGrantedOnce(Cut cut)
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Tools.Count == 0 ? ChatReply.Say("so far") : ChatReply.Call("echo", new { text = "x" }), [Echo]);
        Run run = await host.Reader.WaitForEndAsync(
            (await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go.", Budget = new Budget { Steps = 5 } }, Anna)).Id);
        var more = new Budget { Steps = 10 };
        string token = await ClaimAsync(host, run.Id, "grant", run.Id,
            JsonSerializer.Serialize(more, BudgetsJsonContext.Default.Budget));
        if (cut == Cut.AfterTheEvent)
        {
            await host.Get<RunCommands>().CommandAsync(run.Id, new RunCommand(Anna.Id) { Grant = more, Key = token }, default);
            await host.Reader.WaitForEndAsync(run.Id);
        }

        await host.Steering.GrantAsync(run.Id, more, Anna, Key);
        await host.Reader.WaitForEndAsync(run.Id);
        await host.Steering.GrantAsync(run.Id, more, Anna, Key);
        await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((await host.Reader.GetAsync(run.Id)).Budget!.Granted.Steps, Is.EqualTo(15));
    }

    [Test]
    public async Task Cancel_CutOff_IsAnsweredWithTheEndThatItLedTo()
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Say("Never.") with { Before = token => never.Task.WaitAsync(token) });
        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go." }, Anna);
        await ClaimAsync(host, run.Id, "cancel", run.Id, null);
        await host.Get<RunCommands>().CancelAsync(run.Id, Anna.Id, null, default);
        await host.Reader.WaitForEndAsync(run.Id);

        Run repeated = await host.Steering.CancelAsync(run.Id, Anna, null, Key);

        Assert.That(repeated.Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That(async () => await host.Steering.CancelAsync(run.Id, Anna, null, "another"),
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.RunStateForbids));
    }

    /// <summary>Claims the key as a host did that died right after it, long enough ago to be taken for dead.</summary>
    private static async Task<string> ClaimAsync(RunHost host, string subject, params string?[] body)
    {
        using ClaimedRequest claim = await new RequestKeys(host.Get<IRecordStore>(),
            new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(-1)))
            .ClaimAsync(KeyedRequest.Of(Anna.Id, Key, body), subject, null, default);
        return claim.Token!;
    }
}
