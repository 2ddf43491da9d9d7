using AgentFunctions.Governance.Approvals;
using AgentFunctions.Runs;
using AgentFunctions.ToolCalls;
using AgentFunctions.ToolCalls.Questions;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the pipeline that every tool call passes.</summary>
internal static class ToolCallServiceCollectionExtensions
{
    public static IServiceCollection AddToolCalls(this IServiceCollection services)
    {
        services.TryAddSingleton<CallReader>();
        services.TryAddSingleton<CallContexts>();
        services.TryAddSingleton<CallJournal>();
        services.TryAddSingleton<CallAudit>();
        services.TryAddSingleton<CallWrites>();
        services.TryAddSingleton<ApprovalQuestions>();
        services.TryAddSingleton<QuestionDrafts>();
        services.TryAddSingleton<ICallOutlook, CallOutlook>();
        services.TryAddSingleton<PolicyDecider>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRunEndObserver, EndedRuns>());
        return services
            .AddPipeline(ToolCallPipeline.OfModel, ToolCallSteps.OfModel)
            .AddPipeline(ToolCallPipeline.OfAcceptance, ToolCallSteps.OfAcceptance)
            .AddPipeline(ToolCallPipeline.OfSignal, ToolCallSteps.OfSignal);
    }

    private static IServiceCollection AddPipeline(this IServiceCollection services, string key, IReadOnlyList<Type> steps)
    {
        foreach (Type step in steps)
        {
            services.TryAddSingleton(step);
        }

        services.TryAddKeyedSingleton(key, (provider, _) =>
            new ToolCallPipeline([.. steps.Select(step => (IToolCallStep)provider.GetRequiredService(step))]));
        return services;
    }
}
