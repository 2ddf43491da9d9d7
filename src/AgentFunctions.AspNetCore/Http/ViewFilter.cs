using AgentFunctions.Governance.Redaction;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Masks secrets in every JSON answer: the stores give the truth, and what leaves the host is a view of it.</summary>
internal sealed class ViewFilter(Redactor redactor) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        await next(context) is var answer && answer is IResult result and not IUnmasked
            ? new MaskedResult(result, redactor)
            : answer;
}

/// <summary>
/// Marks an answer that is not masked: one that masked its text itself, or that shows the truth to whom it may.
/// </summary>
internal interface IUnmasked;

/// <summary>An answer whose JSON is masked.</summary>
internal sealed class MaskedResult(IResult inner, Redactor redactor) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        Stream body = httpContext.Response.Body;
        using var buffer = new MemoryStream();
        httpContext.Response.Body = buffer;
        try
        {
            await inner.ExecuteAsync(httpContext);
        }
        finally
        {
            httpContext.Response.Body = body;
        }

        ReadOnlyMemory<byte> written = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        if (httpContext.Response.ContentType?.Contains("json", StringComparison.OrdinalIgnoreCase) == true)
        {
            written = JsonAnswer.Prepare(httpContext, redactor.RedactJson(written));
        }

        if (!written.IsEmpty)
        {
            await body.WriteAsync(written, httpContext.RequestAborted);
        }
    }
}
