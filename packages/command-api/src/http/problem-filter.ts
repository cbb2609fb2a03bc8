import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem.js';

/** Answers whatever was thrown on the way as a problem of the one table; what is our fault is also told to `onError`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly onError: (error: unknown, path: string) => void) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { method, url } = http.getRequest<FastifyRequest>();
    const refusal = refusalOf(error, `${method} ${url.slice(0, 200)}`);
    if (refusal.tag === 'InternalError') this.onError(error, url);
    sendProblem(http.getResponse<FastifyReply>(), refusal);
  }
}

function refusalOf(error: unknown, route: string): Refusal {
  const status =
    error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown }).statusCode;
  switch (status) {
    case 400:
      return refuse('ParseError');
    case 404:
      return refuse('MethodNotFound', route);
    case 413:
      return refuse('BodyTooLarge');
    case 415:
      return refuse('InvalidRequest', 'the content type must be application/json');
    default:
      return refuse('InternalError');
  }
}
