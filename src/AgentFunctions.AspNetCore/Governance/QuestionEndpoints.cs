using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>What runs ask people.</summary>
internal static class QuestionEndpoints
{
    public static void MapQuestions(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder questions = api.MapGroup("/questions").WithTags("Questions");
        questions.MapGet("", ListAsync)
            .WithName("listQuestions")
            .WithSummary("List questions, the most urgent first, then the oldest; for one run in the order asked.")
            .WithQuery<QuestionState>("state",
                "Only questions in this state. Without run only pending ones are listed, and no other state is allowed.")
            .WithQuery("run", "Only the questions of this run.")
            .WithQuery<bool>("mine", "Whether to list only what this caller may answer; false by default.")
            .Produces<QuestionListResource>()
            .ProducesProblems(400, 401, 403, 503);
        questions.MapGet("/{id}", GetAsync)
            .WithName("getQuestion")
            .WithSummary("Get a question.")
            .Produces<QuestionResource>()
            .ProducesProblems(401, 403, 404, 503);
        questions.MapPost("/{id}", AnswerAsync)
            .WithName("answerQuestion")
            .WithSummary("Answer a question, or decline to.")
            .WithHeader("Idempotency-Key",
                "1 to 200 characters that identify this answer. A repeated request with the same key is applied once.")
            .Accepts<AnswerSubmission>("application/json")
            .Produces<QuestionResource>()
            .ProducesProblems(400, 401, 403, 404, 409, 415, 503);
    }

    private static async Task<IResult> ListAsync(HttpContext http, QuestionService questions, CancellationToken cancellationToken)
    {
        QuestionState? state = http.Request.Query.Member<QuestionState>("state");
        string? run = http.Request.Query.Text("run");
        bool mine = http.Request.Query.Flag("mine", false);
        if (run is null && state is not (null or QuestionState.Pending))
        {
            throw new AgentException(ErrorCode.InvalidInput,
                "state: give run as well. Without run only pending questions are listed.");
        }

        Caller caller = http.Caller();
        IEnumerable<Question> found = run is null
            ? await questions.ListPendingAsync(caller, cancellationToken)
            : await questions.ListOfRunAsync(run, caller, cancellationToken);
        return Answers.Json(new QuestionListResource(
        [
            .. found.Where(question => (state is null || question.State == state) && (!mine || question.MayBeAnsweredBy(caller)))
                .Select(question => QuestionResource.Of(question, caller)),
        ]));
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, QuestionService questions,
        CancellationToken cancellationToken) =>
        Answers.Json(QuestionResource.Of(await questions.GetAsync(id, http.Caller(), cancellationToken), http.Caller()));

    private static async Task<IResult> AnswerAsync(
        string id, HttpContext http, QuestionService questions, RequestKeys keys, CancellationToken cancellationToken)
    {
        AnswerSubmission said = await http.Request.ReadJsonAsync<AnswerSubmission>(cancellationToken);
        if (said.Answers is null == said.Decline is null)
        {
            throw new AgentException(ErrorCode.InvalidInput, "answers: send either answers or decline.");
        }

        Caller caller = http.Caller();
        var request = KeyedRequest.Of(
            caller.Id, http.Request.Headers.Single("Idempotency-Key"), "answer", id, said.Answers?.GetRawText(), said.Decline);
        Question ended = await keys.OnceAsync(
            request, id,
            _ => said.Answers is { } answers
                ? questions.AnswerAsync(id, caller, answers, cancellationToken)
                : questions.DeclineAsync(id, caller, said.Decline, cancellationToken),
            () => questions.GetAsync(id, caller, cancellationToken), cancellationToken);
        return Answers.Json(QuestionResource.Of(ended, caller));
    }
}
