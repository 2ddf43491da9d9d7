using AgentFunctions.ToolCalls;
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
        services.TryAddSingleton<ApprovalQuestions>();
        services.TryAddSingleton<PolicyDecider>();
        foreach (Type step in ToolCallSteps.OfModel)
        {
            services.TryAddSingleton(step);
        }

        services.TryAddKeyedSingleton(ToolCallPipeline.OfModel, static (provider, _) => Build(provider, ToolCallSteps.OfModel));
        return services;
    }

    private static ToolCallPipeline Build(IServiceProvider provider, IEnumerable<Type> steps) =>
        new([.. steps.Select(step => (IToolCallStep)provider.GetRequiredService(step))]);
}
