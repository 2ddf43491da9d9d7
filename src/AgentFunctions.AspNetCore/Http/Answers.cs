using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Answers in the API's own JSON.</summary>
internal static class Answers
{
    public static IResult Json<T>(T value, int status = StatusCodes.Status200OK) =>
        TypedResults.Json(value, ApiJson.Options, "application/json", status);
}
