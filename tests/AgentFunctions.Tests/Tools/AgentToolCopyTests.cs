using System.Reflection;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Tools;

/// <summary>A tool that is changed in one thing is the same in all others.</summary>
internal sealed class AgentToolCopyTests
{
    private static readonly AgentTool Whole =
        new(AgentTool.CreateFunction("pay", "Pays.", static (decimal amount) => amount), ToolEffect.NotIdempotent)
        {
            Timeout = TimeSpan.FromSeconds(7),
            ResultLimit = 70,
            IsOptIn = true,
            AsksPerson = true,
            Paths = [new PathArgument("path")],
            Uses = static (_, _) => [],
            Check = static _ => null,
            MayRunAny = static _ => true,
            Reach = ToolReach.Workspace,
            IsForSearch = true,
            IsDelegation = true,
            AsksPeople = true,
            IsClient = true,
            Group = "bank",
            Reconcile = static (_, _, _) => Task.FromResult(Reconciliation.Unknown),
            Job = new ToolJob(static (_, _, _) => Task.FromResult(Reconciliation.StillRunning)),
        };

    private static IEnumerable<TestCaseData> Copies()
    {
        yield return new(Whole.WithReconcile(static (_, _, _) => Task.FromResult(Reconciliation.StillRunning)),
            nameof(AgentTool.Reconcile));
        yield return new(Whole.AsJob(static (_, _, _) => Task.FromResult(Reconciliation.Unknown)), nameof(AgentTool.Job));
        yield return new(Whole.WithTimeout(TimeSpan.FromSeconds(8)), nameof(AgentTool.Timeout));
        yield return new(Whole.WithFunction(AgentTool.CreateFunction("pay", "Pays.", static (decimal amount) => amount)),
            nameof(AgentTool.Function));
        yield return new(Whole.WithEffect(ToolEffect.Idempotent), nameof(AgentTool.Effect));
        yield return new(Whole.WithReach(ToolReach.Runtime), nameof(AgentTool.Reach));
        yield return new(Whole.WithResultLimit(71), nameof(AgentTool.ResultLimit));
        yield return new(Whole.WithCheck(static _ => "no"), nameof(AgentTool.Check));
    }

    [TestCaseSource(nameof(Copies))]
    public void Copy_ChangedInOneThing_KeepsAllOthers(AgentTool copy, string changed)
    {
        PropertyInfo[] properties =
            [.. typeof(AgentTool).GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(property => property.Name != changed && property.Name != nameof(AgentTool.Hash))];

        Assert.That(properties, Has.Length.GreaterThan(14));
        Assert.That(properties.Where(property => !Equals(property.GetValue(copy), property.GetValue(Whole)))
            .Select(static property => property.Name), Is.Empty);
        Assert.That(Equals(typeof(AgentTool).GetProperty(changed,
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)!.GetValue(copy), null), Is.False);
    }

    [Test]
    public void Hash_OfAnotherEffect_IsAnother()
    {
        Assert.That(Whole.WithEffect(ToolEffect.None).Hash, Is.Not.EqualTo(Whole.Hash));
        Assert.That(Whole.WithTimeout(TimeSpan.FromHours(1)).Hash, Is.EqualTo(Whole.Hash));
    }

    [Test]
    public void AsJob_IntervalAndTimeout_AreTaken()
    {
        ToolJob job = Whole.AsJob(static (_, _, _) => Task.FromResult(Reconciliation.Unknown), TimeSpan.FromSeconds(5),
            TimeSpan.FromDays(3)).Job!;

        Assert.That((job.PollInterval, job.Timeout), Is.EqualTo((TimeSpan.FromSeconds(5), TimeSpan.FromDays(3))));
    }
}
