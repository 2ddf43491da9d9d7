using System.Collections.Concurrent;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.Instances;

/// <summary>A question that one instance asks, is killed, and that another one is answered.</summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class QuestionInstancesTests
{
    private static readonly Caller s_caller = new("test") { Roles = [CallerRoles.Submitter] };
    private static readonly Caller s_bo = new("user:bo") { Roles = [CallerRoles.Approver] };

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Ask_OnOneInstanceThatIsThenKilled_IsAnsweredOnTheOther()
    {
        var askers = new ConcurrentQueue<Instance>();
        IReadOnlyList<string> heard = [];
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
        {
            heard = request.Results;
            return request.Turn == 0
                ? ChatReply.Call("ask_person", new { question = "Which region?", choices = new[] { "weu", "neu" } })
                : ChatReply.Say("done");
        });
        await using InstanceSet set = await InstanceSet.StartAsync(2, 23, model, services => services
            .AddAgent(Agent.Create("asker").WithModel("test").WithInstructions("Ask.").WithTools("ask_person"))
            .AddSingleton<IPolicyRule>(new Witness(askers)));
        Run run = await set.CallAsync(instance => instance.Get<AgentGateway>().SubmitAsync(
            new RunRequest { Agent = "asker", Goal = "Ask." }, s_caller, cancellationToken: Cancel));
        Question asked = await Poll.ForAsync(
            async () => (await set.All[0].Get<QuestionService>().ListOfRunAsync(run.Id, null, Cancel)).FirstOrDefault(), Cancel);
        await Poll.UntilAsync(
            async () => (await set.All[0].Get<RunReader>().GetAsync(run.Id, Cancel)).Waits
                .Any(static wait => wait.Kind == "question"),
            Cancel);

        Instance asker = askers.Last();
        Instance other = set.All.Single(instance => instance != asker);
        asker.Kill();
        await other.Get<QuestionService>().AnswerAsync(asked.Id, s_bo, JsonElement.Parse("""{"answer":"neu"}"""), Cancel);
        run = await other.Get<RunReader>().WaitForEndAsync(run.Id, Cancel);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(
            heard, Is.EqualTo(new[] { "user:bo (approver) answered: neu" }), "the model reads what the person said, once");
        List<string> types = await other.Get<Journal>().ReadAsync(run.Id, cancellationToken: Cancel)
            .Select(static read => read.Event.Type).ToListAsync(Cancel);
        Assert.That(
            types.Where(static type => type.StartsWith("question.", StringComparison.Ordinal)),
            Is.EqualTo(new[] { "question.asked", "question.answered" }));
        List<AuditEntry> entries = await other.Get<AuditLog>().ReadAsync(run.Id, cancellationToken: Cancel).ToListAsync(Cancel);
        Assert.That(
            entries.Where(static entry => entry.Type == AuditTypes.QuestionAnswered).Select(static entry => entry.Actor),
            Is.EqualTo(new[] { "user:bo" }));
    }

    /// <summary>Sees which instance decides about the call that asks; decides nothing.</summary>
    private sealed class Witness(ConcurrentQueue<Instance> askers) : IPolicyRule
    {
        public string Name => "witness";

        public PolicyAnswer? Decide(ActionContext action)
        {
            if (action.Tool == "ask_person" && Instance.Current is { } instance)
            {
                askers.Enqueue(instance);
            }

            return null;
        }
    }
}
