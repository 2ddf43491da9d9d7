using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.OpenApi;

namespace AgentFunctions.Tests.Notifications;

/// <summary>The callback of a run has the shape of every notification, and still that of earlier versions.</summary>
internal sealed class CallbackShapeTests
{
    [Test]
    public async Task Callback_RunEnded_IsANotification()
    {
        await using ApiServer receiver = await ApiServer.StartAsync();
        await using RunHost host = await RunHost.StartAsync(
            static _ => ChatReply.Say("there"), settings: ("Governance:Network:Allow:0", "127.0.0.1"));

        Run run = await host.RunAsync("Work.", new RunRequest { CallbackUrl = $"{receiver.Url}/told" });
        await host.Get<IOrchestrationClient>().WaitForCompletionAsync($"callback.{run.Id}.{run.Turns}");

        ApiRequest told = receiver.Requests.Single();
        JsonElement body = JsonElement.Parse(told.Body);
        Assert.That(body.GetProperty("type").GetString(), Is.EqualTo("run.ended"));
        Assert.That(body.GetProperty("timestamp").GetDateTimeOffset(), Is.GreaterThanOrEqualTo(run.CreatedAt));
        Assert.That(body.GetProperty("data").GetProperty("id").GetString(), Is.EqualTo(run.Id));
        Assert.That(body.GetProperty("data").GetProperty("status").GetString(), Is.EqualTo("completed"));
        Assert.That((body.GetProperty("id").GetString(), body.GetProperty("status").GetString()),
            Is.EqualTo((run.Id, "Completed")), "as before");
        Assert.That(told.Headers["webhook-id"], Is.EqualTo($"{run.Id}.ended.{run.Turns}"));
        Assert.That(long.Parse(told.Headers["webhook-timestamp"], System.Globalization.CultureInfo.InvariantCulture),
            Is.Positive);
    }
}
