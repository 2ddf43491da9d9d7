using System.Text;
using System.Text.Json;
using AgentFunctions.AgentFramework;
using AgentFunctions.AgentFramework.AIAgents;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.AgentFramework.Opaque;
using AgentFunctions.Storage;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>
/// Sessions and tokens as they were written with Agent Framework 1.28: whoever has kept one goes on from it with every later
/// build, so these files are not written anew.
/// </summary>
internal sealed class RecordedSessionTests
{
    [Test]
    public void Session_OfADurableAgent_IsReadAndWrittenAsItWas()
    {
        string golden = Recorded("session.json");

        DurableAgentSession session = DurableAgentSession.Read(JsonElement.Parse(golden));

        Assert.That((session.RunId, session.Sent, session.Place.At, session.Tools), Is.EqualTo(("0199f1c2a7b4", 2, 17L, "pick")));
        Assert.That(session.Place.Told!.Calls,
            Is.EqualTo(new[] { new ToldCall(2, 0), new ToldCall(2, 1) { IsOfCaller = true } }));
        Assert.That(session.Serialize().GetRawText(), Is.EqualTo(golden));
    }

    [Test]
    public void Token_OfADurableAgent_IsReadAndWrittenAsItWas()
    {
        string golden = Recorded("token.json");

        RunToken token = RunToken.Read(ResponseContinuationToken.FromBytes(Encoding.UTF8.GetBytes(golden)));

        Assert.That((token.Run, token.At, token.Told!.Words!.Length), Is.EqualTo(("0199f1c2a7b4", 17L, 7)));
        Assert.That(Encoding.UTF8.GetString(RunToken.Of(token.Run, token.Place).ToBytes().Span), Is.EqualTo(golden));
    }

    [Test]
    public async Task Session_OfTheirAgent_IsReadByTheAgentOfToday()
    {
        await using RunHost host = await AgentHost.StartAsync(new ChatClientAgent(
            ScriptedClient.Says("Done."),
            new ChatClientAgentOptions { Name = "planner", AIContextProviders = [new TodoProvider()] }));
        await host.Get<IRecordStore>().PutAsync(
            "agent-framework/0199f1c2a7b4/session", Encoding.UTF8.GetBytes(Recorded("session-of-theirs.json")),
            RecordCondition.IfNew, default);

        DurableAgent agent = host.Get<DurableAgentSet>().Agents["planner"];
        LoadedSession loaded = await host.Get<AgentSessions>().LoadAsync(agent, "0199f1c2a7b4", default);
        ProbedTools tools = await AgentProbe.RunAsync(agent.Plan, loaded.Session, default);
        AIFunction list = tools.Functions.Single(static one => one.Name.EndsWith("get_all", StringComparison.Ordinal));

        Assert.That((await list.InvokeAsync())!.ToString(), Does.Contain("Buy milk"));
        Assert.That((await agent.Plan.Inner.SerializeSessionAsync(loaded.Session)).GetRawText(),
            Is.EqualTo(Recorded("session-of-theirs.json")));
    }

    [Test]
    public void Turn_OfAnOpaqueAgent_IsReadWithTheApprovalsItAsksFor()
    {
        StoredTurn turn = JsonSerializer.Deserialize(Recorded("opaque-turn.json"), AgentFrameworkJsonContext.Default.StoredTurn)!;

        var asks = JsonSerializer.Deserialize<List<AIContent>>(turn.Asks!.Value, AIJsonUtilities.DefaultOptions);
        var ask = (ToolApprovalRequestContent)asks!.Single();
        Assert.That((turn.Call, ask.RequestId, ((FunctionCallContent)ask.ToolCall).Name),
            Is.EqualTo(("0199f1c2a7b4/1/0", "ficc_c1", "charge")));
        Assert.That(JsonSerializer.Serialize(turn, AgentFrameworkJsonContext.Default.StoredTurn),
            Is.EqualTo(Recorded("opaque-turn.json")));
    }

    private static string Recorded(string file) => File.ReadAllText(
        Path.Combine(TestContext.CurrentContext.TestDirectory, "AgentFramework", "Recorded", file)).TrimEnd();
}
