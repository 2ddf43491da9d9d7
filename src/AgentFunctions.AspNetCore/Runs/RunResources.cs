using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Models;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Shows runs as the API does.</summary>
internal sealed class RunResources(IModelCatalog models)
{
    /// <summary>Shows a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="root">What links begin with.</param>
    public RunResource Of(Run run, string root = "") => new()
    {
        Id = run.Id,
        Agent = run.Agent,
        Goal = run.Goal,
        Acceptance = run.Acceptance,
        Status = run.Status,
        WaitingFor = run.WaitingFor is { } waiting ? WaitingResource.Of(waiting) : null,
        Waits = [.. run.Waits.Select(WaitingResource.Of)],
        Requester = run.Requester,
        Root = run.Id.Split('.')[0],
        Parent = run.Parent,
        ForkedFrom = run.ForkedFrom,
        CreatedAt = run.CreatedAt.UtcDateTime,
        UpdatedAt = run.UpdatedAt.UtcDateTime,
        CompletedAt = run.CompletedAt?.UtcDateTime,
        KeptUntil = run.KeptUntil?.UtcDateTime,
        ContentErasedAt = run.ContentErasedAt?.UtcDateTime,
        Model = run.Model,
        Rehearsal = models.Models.Any(model => model.Name == run.Model && model.Profile.IsRehearsal),
        Labels = run.Labels,
        Priority = run.Priority,
        Input = run.Input,
        Turns = run.Turns,
        Steps = run.Steps,
        CriticalSteps = run.CriticalSteps,
        Usage = run.Usage,
        UsageOfOthers = run.UsageOfOthers.Count == 0 ? null : run.UsageOfOthers,
        SubAgents = run.SubAgents,
        Budget = run.Budget is { } budget ? RunBudgetResource.Of(budget) : null,
        Plan = run.Plan,
        Result = run.Result,
        Error = run.Error is { } error ? new ErrorResource(CodeOf(error.Code), error.Message) : null,
        Links = LinksOf(run.Id, root),
    };

    private static LinksResource LinksOf(string id, string root)
    {
        string self = $"{root}/api/runs/{id}";
        return new LinksResource(self, $"{self}/events", $"{self}/tree", $"{self}/transcript", $"{self}/artifacts");
    }

    /// <summary>The names of exception types are no stable codes.</summary>
    private static string CodeOf(string code) => Enum.IsDefined(typeof(ErrorCode), code) ? CamelCase.Of(code) : "internalError";
}
