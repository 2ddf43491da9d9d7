using System.Text.Json;
using AgentFunctions.AspNetCore.Doors.A2A.Push;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.OpenApi;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>Push notifications of the Agent2Agent protocol: kept by the client of a2a-js, delivered to a real receiver.</summary>
[CancelAfter(300_000)]
internal sealed class A2APushTests
{
    private static readonly (string Key, string Value) Inside = ("Governance:Network:Allow:0", "127.0.0.1");

    [TestCase("rpc")]
    [TestCase("rest")]
    public async Task Receiver_OfATaskThatAsksAndEnds_IsToldBoth(string transport, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        int told = 0;
        var isTold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ApiServer receiver = await ApiServer.StartAsync(async context =>
        {
            if (context.Request.Path == "/until-told")
            {
                // The client answers after that: what is answered before it was told is told no more.
                await isTold.Task.WaitAsync(context.RequestAborted);
            }
            else if (context.Request.Path == "/first" && Interlocked.Increment(ref told) == 2)
            {
                // The first of the end: what is asked may be answered before it could be told again.
                context.Response.StatusCode = 503;
            }

            isTold.TrySetResult();
        });
        await using ApiHost host = await A2AHost.StartAsync(DoorHost.WithApproval(folder), Inside);

        JsonElement seen = await Counterpart.RunAsync(host, "a2a.mjs", "none", "push", cancellationToken, transport,
            receiver.Url);
        string id = seen.GetProperty("id").GetString()!;
        // Two for the first one, of which the second fails once, and one for each of those that came after the question.
        ApiRequest[] sent = await Poll.ForAsync(
            () => Task.FromResult(receiver.Requests.Where(static one => one.Method == "POST").ToArray()),
            static sent => sent.Length >= 5, cancellationToken);

        Assert.That((seen.GetProperty("state").GetInt32(), seen.GetProperty("answered").GetInt32()), Is.EqualTo((6, 3)),
            seen.ToString());
        Assert.That(
            seen.GetProperty("created").EnumerateArray().Select(static one => one.GetString()),
            Is.EqualTo(new[] { "second", id, $"{receiver.Url}/second" }));
        Assert.That(seen.GetProperty("got")[0].GetString(), Is.EqualTo("first"));
        Assert.That(seen.GetProperty("got").GetRawText(), Does.Not.Contain("the-token").And.Not.Contain("the-credentials"));
        Assert.That(seen.GetProperty("listed").GetRawText(), Is.EqualTo("""["first","second"]"""));
        Assert.That(seen.GetProperty("left").GetRawText(), Is.EqualTo("""["first","second"]"""));
        foreach (string refused in (string[])["none", "bad", "line"])
        {
            Assert.That(seen.GetProperty(refused).ValueKind, Is.EqualTo(JsonValueKind.Object), refused);
        }

        ApiRequest[] first = [.. sent.Where(static one => one.Target == "/first")];
        Assert.That(sent.Select(static one => one.Target),
            Does.Contain("/second").And.Contain("/late").And.Not.Contain("/third"));
        foreach (ApiRequest one in sent)
        {
            Assert.That(one.Headers["X-A2A-Notification-Token"], Is.EqualTo("the-token"));
            Assert.That(one.Headers["Authorization"], Is.EqualTo("Bearer the-credentials"));
            Assert.That(one.Headers["Content-Type"], Is.EqualTo("application/a2a+json"));
        }

        Assert.That(first.Select(static one => one.Headers["Idempotency-Key"]).Distinct().Count(), Is.EqualTo(2),
            "a repetition has the key of the first");
        JsonElement asked = JsonElement.Parse(first[0].Body).GetProperty("statusUpdate");
        JsonElement ended = JsonElement.Parse(first.Last(static one => one.Body.Contains("\"task\"",
            StringComparison.Ordinal)).Body).GetProperty("task");
        Assert.That(asked.GetProperty("status").GetProperty("state").GetString(), Is.EqualTo("TASK_STATE_INPUT_REQUIRED"));
        Assert.That(ended.GetProperty("status").GetProperty("state").GetString(), Is.EqualTo("TASK_STATE_COMPLETED"));
        Assert.That(
            ended.GetProperty("artifacts").EnumerateArray().Select(static one => one.GetProperty("name").GetString()),
            Is.EqualTo(new[] { "answer", "receipt.txt" }));
        JournalEvent retried = await host.Get<Journal>().ReadAsync(id, 0, null, cancellationToken).Select(static one => one.Event)
            .FirstAsync(static one => one.Type == JournalEventTypes.StepRetrying, cancellationToken);
        Assert.That(retried.Text, Does.Contain("503").And.Not.Contain("/first"));
        await foreach (StoredRecord record in host.Get<IRecordStore>().ListAsync($"receivers/{id}/", null, cancellationToken))
        {
            Assert.That(System.Text.Encoding.UTF8.GetString(record.Value.Span), Does.Not.Contain("the-"));
        }
    }

    [Test]
    public async Task Receiver_OfAKeyThatWasWithdrawnOrDemoted_IsToldNothing(CancellationToken cancellationToken)
    {
        await using ApiHost host = await A2AHost.StartAsync(DoorHost.WithKey);
        (string anna, _) = await host.AddCallersAsync(cancellationToken);
        ApiKeys keys = host.Get<ApiKeys>();
        await keys.AddAsync("contractor", [CallerRoles.Viewer], Caller.Local, cancellationToken);
        JsonElement sent = await host.SendAsync(anna, cancellationToken);
        string task = sent.GetProperty("result").GetProperty("task").GetProperty("id").GetString()!;
        RunReceiver contractor = ReceiverOf("key:contractor", CallerRoles.Viewer);

        bool isTold = await TellsAsync(contractor);
        await keys.RemoveAsync("contractor", Caller.Local, cancellationToken);
        bool isToldWithout = await TellsAsync(contractor);
        await keys.RenewAsync("contractor", [CallerRoles.Submitter], Caller.Local, cancellationToken);
        bool isToldDemoted = await TellsAsync(contractor);

        Assert.That((isTold, isToldWithout, isToldDemoted), Is.EqualTo((true, false, false)));
        Assert.That(await TellsAsync(ReceiverOf("user:boss", CallerRoles.Viewer)), "who is known by no key of the host");

        static RunReceiver ReceiverOf(string id, string role) =>
            new PushConfig("c", "https://example.com/").ToReceiver(new Caller(id) { Roles = [role] });

        async Task<bool> TellsAsync(RunReceiver receiver) =>
            await host.Get<PushMessages>().MessageAsync(task, receiver, null, cancellationToken) is not null;
    }

    [Test]
    public async Task Receiver_OfTheInnerNetwork_IsRefusedAndTold(CancellationToken cancellationToken)
    {
        await using ApiServer receiver = await ApiServer.StartAsync();
        await using ApiHost host = await A2AHost.StartAsync();

        JsonElement sent = await host.SendAsync(
            null, cancellationToken,
            configuration: new { taskPushNotificationConfig = new { url = $"{receiver.Url}/told?key=secret" } });
        string id = sent.GetProperty("result").GetProperty("task").GetProperty("id").GetString()!;
        JournalEvent failed = await Poll.ForAsync(
            async () => await host.Get<Journal>().ReadAsync(id, 0, null, cancellationToken).Select(static one => one.Event)
                .FirstOrDefaultAsync(static one => one.Type == JournalEventTypes.CallbackFailed, cancellationToken),
            static one => one is not null, cancellationToken) ?? throw new InvalidOperationException();
        AuditEntry refused = await host.Get<AuditLog>().ReadAsync(id, 0, cancellationToken)
            .FirstAsync(static entry => entry.Rule == "network-boundary", cancellationToken);

        Assert.That(receiver.Requests, Is.Empty);
        Assert.That(failed.Text, Does.Contain("network-boundary").And.Not.Contain("secret"));
        Assert.That(refused.Reason, Does.StartWith("url of a receiver").And.Contain("Governance:Network:Allow"));
    }
}
