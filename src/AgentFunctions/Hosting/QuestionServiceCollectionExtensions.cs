using AgentFunctions.Gateway;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;
using AgentFunctions.ToolCalls.Questions;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what runs ask people with.</summary>
internal static class QuestionServiceCollectionExtensions
{
    public static IServiceCollection AddQuestions(this IServiceCollection services)
    {
        services.TryAddSingleton<QuestionStore>();
        services.TryAddSingleton<QuestionRecords>();
        services.TryAddSingleton<ILeadAgents, LeadAgents>();
        services.TryAddSingleton<LeadQuestions>();
        services.TryAddSingleton<QuestionDeliveries>();
        services.TryAddSingleton<QuestionRequester>();
        services.AddSingleton<IRunEndObserver>(static provider => provider.GetRequiredService<QuestionRequester>());
        services.TryAddSingleton<LookAtQuestionActivity>();
        services.TryAddSingleton(static provider => new QuestionService(
            provider.GetRequiredService<QuestionStore>(), provider.GetRequiredService<QuestionRequester>(),
            provider.GetRequiredService<QuestionRecords>(),
            provider.GetRequiredService<Redactor>(), provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
