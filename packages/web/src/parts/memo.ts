import { type Component, type ComponentType, createElement, type JSX } from 'preact';

/** A component that renders again only when one of its properties is another. */
export function memo<P extends object>(render: ComponentType<P>): (props: P) => JSX.Element {
  return function Memo(this: Component<P>, props: P) {
    this.shouldComponentUpdate = (next) => differ(this.props as Fields, next as Fields);
    return createElement(render, props);
  };
}

type Fields = Readonly<Record<string, unknown>>;

const differ = (a: Fields, b: Fields): boolean =>
  Object.keys(a).length !== Object.keys(b).length || Object.keys(b).some((key) => a[key] !== b[key]);
